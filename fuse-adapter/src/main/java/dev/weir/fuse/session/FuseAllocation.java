package dev.weir.fuse.session;

import static dev.weir.fuse.protocol.FuseFallocateIn.FALLOC_FL_KEEP_SIZE;
import static dev.weir.fuse.protocol.FuseFallocateIn.FALLOC_FL_PUNCH_HOLE;
import static dev.weir.fuse.protocol.FuseFallocateIn.FALLOC_FL_ZERO_RANGE;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.SerialOperations;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/**
 * FALLOCATE. Inside the file a bare preallocation succeeds and does nothing: the block layer decides where space comes
 * from. Past the end it grows the image, growable or not, unless the size is to be kept.
 */
final class FuseAllocation {
    private static final Set<WriteFlag> PUNCH = Set.of(WriteFlag.MAY_UNMAP, WriteFlag.NO_FALLBACK);

    private final BlockBackend backend;
    private final SerialOperations resizes;

    FuseAllocation(BlockBackend backend, SerialOperations resizes) {
        this.backend = backend;
        this.resizes = resizes;
    }

    /**
     * @param offset not negative
     * @param length at least 1; offset + length does not overflow
     */
    Mono<Void> fallocate(int mode, long offset, long length) {
        boolean keepSize = (mode & FALLOC_FL_KEEP_SIZE) != 0;
        return switch (mode & ~FALLOC_FL_KEEP_SIZE) {
            case 0 -> keepSize ? Mono.empty() : preallocate(offset, offset + length);
            case FALLOC_FL_PUNCH_HOLE -> keepSize ? zero(offset, length, PUNCH) : unsupported(mode);
            case FALLOC_FL_ZERO_RANGE ->
                keepSize
                        ? zero(offset, length, WriteFlag.NONE)
                        : grow(offset + length).then(zero(offset, length, WriteFlag.NONE));
            default -> unsupported(mode);
        };
    }

    /** Grows the image to {@code end} where it is shorter. */
    Mono<Void> grow(long end) {
        return resizes.run(() -> growNow(end, PreallocMode.OFF));
    }

    /**
     * Grows the image to {@code end} for a write, and takes that back where the write fails and nobody has grown the image
     * further: a client that tries again must not find a gap.
     */
    Mono<Void> growFor(long end, Supplier<Mono<Void>> write) {
        return Mono.defer(() -> {
            var before = new AtomicLong(end);
            return resizes.run(() -> {
                        before.set(backend.length());
                        return growNow(end, PreallocMode.OFF);
                    })
                    .then(Mono.defer(write))
                    .onErrorResume(failure -> resizes.run(() -> before.get() < end && backend.length() == end
                                    ? backend.truncate(before.get(), PreallocMode.OFF)
                                    : Mono.empty())
                            .onErrorComplete()
                            .then(Mono.error(failure)));
        });
    }

    /** As {@link #grow}, with room set aside for what is gained from {@code offset} on; nobody asked for what is before. */
    private Mono<Void> preallocate(long offset, long end) {
        return resizes.run(() ->
                growNow(offset, PreallocMode.OFF).then(Mono.defer(() -> growNow(end, PreallocMode.FALLOC))));
    }

    private Mono<Void> growNow(long end, PreallocMode prealloc) {
        return end > backend.length() ? backend.truncate(end, prealloc) : Mono.empty();
    }

    private Mono<Void> zero(long offset, long length, Set<WriteFlag> flags) {
        return Mono.defer(() -> {
            long inside = Math.min(length, backend.length() - offset);
            return inside <= 0 ? Mono.empty() : backend.writeZeroes(offset, inside, flags);
        });
    }

    private static Mono<Void> unsupported(int mode) {
        return Mono.error(BlockException.of(BlockErrorKind.UNSUPPORTED, "fallocate mode " + mode));
    }
}
