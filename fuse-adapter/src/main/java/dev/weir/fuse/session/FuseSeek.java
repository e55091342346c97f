package dev.weir.fuse.session;

import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseLseekIn;
import dev.weir.fuse.protocol.FuseReplyEncoder;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.Extent;
import reactor.core.publisher.Mono;

/** LSEEK for SEEK_DATA and SEEK_HOLE, from the block status; the other origins never reach a file system. */
final class FuseSeek {
    private final BlockBackend backend;

    FuseSeek(BlockBackend backend) {
        this.backend = backend;
    }

    /** The answer to a seek from {@code offset}, of any value. */
    Mono<FuseReply> seek(long offset, int whence) {
        return switch (whence) {
            case FuseLseekIn.SEEK_DATA -> find(offset, true);
            case FuseLseekIn.SEEK_HOLE -> find(offset, false);
            default -> Mono.just(FuseReply.error(Errno.EINVAL));
        };
    }

    /** There is a hole at the end of every file, and nothing past it. */
    private Mono<FuseReply> find(long from, boolean data) {
        return Mono.defer(() -> {
            long length = backend.length();
            if (from < 0 || from > length || (data && from == length)) {
                return Mono.just(FuseReply.error(Errno.ENXIO));
            }
            if (from == length) {
                return Mono.just(found(length));
            }
            return status(from)
                    .expand(extent -> extent.data() == data || extent.end() >= backend.length()
                            ? Mono.empty()
                            : status(extent.end()))
                    .last()
                    .map(extent -> answer(extent, data));
        });
    }

    private Mono<Extent> status(long offset) {
        return backend.blockStatus(offset, backend.length() - offset);
    }

    private static FuseReply answer(Extent last, boolean data) {
        if (last.data() == data) {
            return found(last.offset());
        }
        return data ? FuseReply.error(Errno.ENXIO) : found(last.end());
    }

    private static FuseReply found(long offset) {
        return (into, at, unique) -> FuseReplyEncoder.lseek(into, at, unique, offset);
    }
}
