package dev.weir.storage.nullco;

import dev.weir.storage.Extent;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** A device without storage. */
final class NullCoDevice extends ProtocolDevice {
    private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(64 << 10);

    private final long length;
    private final boolean readZeroes;
    private final Mono<Void> done;

    NullCoDevice(long length, Duration latency, boolean readZeroes) {
        this.length = length;
        this.readZeroes = readZeroes;
        this.done = latency.isZero() ? Mono.empty() : Mono.delay(latency).then();
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        // Whatever was asked for: a buffer may hold what another client wrote.
        return Mono.defer(() -> {
            zero(dst);
            return done;
        });
    }

    @Override
    public void startRead(long offset, ByteBuffer dst, CoreSubscriber<? super Void> actual) {
        zero(dst);
        done.subscribe(actual);
    }

    private static void zero(ByteBuffer dst) {
        int end = dst.limit();
        int at = dst.position();
        while (at < end) {
            int count = Math.min(ZEROES.capacity(), end - at);
            dst.put(at, ZEROES, 0, count);
            at += count;
        }
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return done;
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return done;
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return done;
    }

    @Override
    public Mono<Void> flush() {
        return done;
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return Mono.just(new Extent(offset, length, true, readZeroes));
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return Mono.just(0L);
    }
}
