package dev.weir.storage.raw;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.util.Set;
import reactor.core.publisher.Mono;

/**
 * A raw image whose format was guessed. It asks for whole sectors, so that whatever touches the first sector comes as the
 * sector that would result: the node reads the old bytes and lets no two such writes run at once.
 */
final class ProbedRawDevice extends RawDevice {
    private static final int SECTOR = 512;

    private final BlockNode file;
    private final BlockLimits limits;

    ProbedRawDevice(BlockNode file) {
        super(file, 0, UP_TO_THE_END);
        this.file = file;
        this.limits = new BlockLimits(
                SECTOR, 1, BlockLimits.MAX_TRANSFER, SECTOR, file.limits().optimalTransfer());
    }

    @Override
    public BlockLimits limits() {
        return limits;
    }

    @Override
    public Mono<Void> write(long at, ByteBuffer src, Set<WriteFlag> flags) {
        return Mono.defer(() -> {
            if (at == 0) {
                String format = ImageMagic.formatOf(src);
                if (format != null) {
                    throw BlockException.of(
                            BlockErrorKind.ACCESS_DENIED,
                            "Writing the magic number of format '" + format
                                    + "' to an image of which the format was not specified is denied;"
                                    + " specify the format 'raw' to allow it");
                }
            }
            // The last sector may be a part: what is past the end is zero and is dropped.
            int inside = (int) Math.min(src.remaining(), file.length() - at);
            return file.write(at, src.limit(src.position() + inside), flags);
        });
    }
}
