package dev.weir.engine.cli.image;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockIo;
import dev.weir.storage.Extent;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Copies what one image shows into another. Several pieces are under way at a time, each with a buffer of its own out of a
 * few; what reads as zero is neither read nor written.
 */
public final class ImageCopy {
    static final int PIECE = 1 << 20;
    private static final int IN_FLIGHT = 16;
    private static final Set<WriteFlag> ZERO = EnumSet.of(WriteFlag.MAY_UNMAP);

    private final BlockIo source;
    private final BlockIo target;
    private final boolean targetZero;
    private final int sparse;
    private final LongConsumer progress;
    private final Queue<ByteBuffer> buffers = new ConcurrentLinkedQueue<>();
    private final AtomicLong done = new AtomicLong();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

    /**
     * @param target at least as long as the source
     * @param targetZero whether it reads as zero: what is zero in the source is left out then
     * @param sparse bytes, a power of two: as many zeroes are looked for in what is read
     * @param progress is told how many bytes of the source are done; on any thread, by several at a time
     */
    public ImageCopy(BlockIo source, BlockIo target, boolean targetZero, int sparse, LongConsumer progress) {
        this.source = source;
        this.target = target;
        this.targetZero = targetZero;
        this.sparse = sparse;
        this.progress = progress;
    }

    /** Begins no more pieces; {@link #run} fails when those under way have ended. Any thread. */
    public void cancel() {
        fail(BlockException.of(BlockErrorKind.CLOSED, "interrupted"));
    }

    /** The first one counts. */
    private void fail(Throwable reason) {
        failure.compareAndSet(null, reason);
    }

    /** Copies everything and flushes the target; once. */
    public Mono<Void> run() {
        return ImageMap.extents(source)
                .concatMap(this::pieces, 1)
                .takeUntil(piece -> failure.get() != null)
                .flatMapDelayError(this::copy, IN_FLIGHT, 1)
                .then(Mono.defer(() -> {
                    Throwable failed = failure.get();
                    return failed == null ? target.flush() : Mono.error(failed);
                }));
    }

    private Flux<Extent> pieces(Extent extent) {
        if (extent.zero()) {
            return Flux.just(extent);
        }
        return Flux.generate(extent::offset, (at, sink) -> {
            long end = Math.min(extent.end(), (at / PIECE + 1) * PIECE);
            if (at < end) {
                sink.next(Extent.data(at, end - at));
            } else {
                sink.complete();
            }
            return end;
        });
    }

    private Mono<Void> copy(Extent piece) {
        Mono<Void> copied = piece.zero() ? zero(piece.offset(), piece.length()) : copyData(piece);
        return copied.doOnSuccess(nothing -> progress.accept(done.addAndGet(piece.length())))
                .onErrorResume(failed -> {
                    fail(failed);
                    return Mono.empty();
                });
    }

    private Mono<Void> zero(long offset, long length) {
        return targetZero ? Mono.empty() : target.writeZeroes(offset, length, ZERO);
    }

    private Mono<Void> copyData(Extent piece) {
        return Mono.defer(() -> {
            @Nullable ByteBuffer free = buffers.poll();
            ByteBuffer buffer = free == null ? ByteBuffer.allocateDirect(PIECE) : free;
            int length = (int) piece.length();
            return source.read(piece.offset(), buffer.clear().limit(length))
                    .then(Mono.defer(() -> write(piece.offset(), buffer, length)))
                    .doOnSuccess(nothing -> buffers.add(buffer));
        });
    }

    private Mono<Void> write(long offset, ByteBuffer buffer, int length) {
        List<Mono<Void>> writes = new ArrayList<>();
        var runs = new ZeroRuns(buffer, sparse);
        int written = 0;
        while (runs.next(length)) {
            if (!targetZero && runs.start() > written) {
                writes.add(zero(offset + written, runs.start() - written));
            }
            ByteBuffer data = buffer.duplicate().limit(runs.end()).position(runs.start());
            writes.add(target.write(offset + runs.start(), data, WriteFlag.NONE));
            written = runs.end();
        }
        if (!targetZero && written < length) {
            writes.add(zero(offset + written, length - written));
        }
        return switch (writes.size()) {
            case 0 -> Mono.empty();
            case 1 -> writes.get(0);
            default -> Flux.concat(writes).then();
        };
    }
}
