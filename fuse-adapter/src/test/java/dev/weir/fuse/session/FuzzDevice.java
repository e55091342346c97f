package dev.weir.fuse.session;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.Extent;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * A device of any length that stores nothing. Of its operations some end on other threads, some fail, some throw, and some
 * end twice.
 */
final class FuzzDevice extends ProtocolDevice {
    private static final long LONGEST = 1L << 40;

    private final Executor threads;
    private final AtomicInteger operations = new AtomicInteger();
    private volatile long length = 1 << 20;

    FuzzDevice(Executor threads) {
        this.threads = threads;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return operation(() -> dst.put(dst.position(), (byte) 1));
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return operation(() -> src.get(src.position()));
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return operation(() -> {});
    }

    /** Never fails: a failure would stick to the node. */
    @Override
    public Mono<Void> flush() {
        return Mono.empty();
    }

    @Override
    public Mono<Void> truncate(long newLength, PreallocMode prealloc) {
        if (newLength > LONGEST) {
            return Mono.error(BlockException.of(BlockErrorKind.FILE_TOO_LARGE, "made up"));
        }
        return operation(() -> length = newLength);
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long runLength) {
        long run = Math.max(1, length / 16);
        long end = Math.min(offset + runLength, (offset / run + 1) * run);
        boolean data = offset / run % 2 == 0;
        return Mono.just(new Extent(offset, Math.max(1, end - offset), data, !data));
    }

    private Mono<Void> operation(Runnable work) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                int number = operations.getAndIncrement();
                actual.onSubscribe(NOTHING);
                if (number % 4 == 0) {
                    threads.execute(() -> end(number, work, actual));
                } else if (number % 64 == 1) {
                    throw new IllegalStateException("made up");
                } else {
                    end(number, work, actual);
                }
            }
        };
    }

    private static void end(int number, Runnable work, CoreSubscriber<? super Void> actual) {
        if (number % 16 == 0) {
            actual.onError(BlockException.of(BlockErrorKind.NO_SPACE, "made up"));
        } else {
            work.run();
            actual.onComplete();
        }
        if (number % 32 < 2) {
            actual.onComplete();
        }
    }

    private static final Subscription NOTHING = new Subscription() {
        @Override
        public void request(long n) {}

        @Override
        public void cancel() {}
    };
}
