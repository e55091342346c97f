package dev.weir.fuse.session;

import static dev.weir.fuse.protocol.FuseFallocateIn.FALLOC_FL_KEEP_SIZE;
import static dev.weir.fuse.protocol.FuseFallocateIn.FALLOC_FL_PUNCH_HOLE;
import static dev.weir.fuse.protocol.FuseFallocateIn.FALLOC_FL_ZERO_RANGE;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import java.util.Set;
import reactor.core.publisher.Mono;

/**
 * FALLOCATE. Inside the file a bare preallocation succeeds and does nothing: the block layer decides where space comes
 * from. Past the end it grows the image, growable or not, unless the size is to be kept; room is set aside in the range
 * that was asked for, and not in what lies between. A failure leaves the size as it was.
 */
final class FuseAllocation {
    private static final Set<WriteFlag> PUNCH = Set.of(WriteFlag.MAY_UNMAP, WriteFlag.NO_FALLBACK);

    private static final Set<WriteFlag> GROW = Set.of(WriteFlag.GROW);

    private final BlockBackend backend;

    FuseAllocation(BlockBackend backend) {
        this.backend = backend;
    }

    /**
     * @param offset not negative
     * @param length at least 1; offset + length does not overflow
     */
    Mono<Void> fallocate(int mode, long offset, long length) {
        boolean keepSize = (mode & FALLOC_FL_KEEP_SIZE) != 0;
        return switch (mode & ~FALLOC_FL_KEEP_SIZE) {
            case 0 -> keepSize ? Mono.empty() : backend.grow(offset, offset + length, PreallocMode.FALLOC);
            case FALLOC_FL_PUNCH_HOLE -> keepSize ? zero(offset, length, PUNCH) : unsupported(mode);
            case FALLOC_FL_ZERO_RANGE ->
                keepSize ? zero(offset, length, WriteFlag.NONE) : backend.writeZeroes(offset, length, GROW);
            default -> unsupported(mode);
        };
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
