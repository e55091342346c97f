package dev.weir.fuse.session;

import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseReplyEncoder;
import java.nio.ByteBuffer;

/** What a request is answered with, before it is encoded. */
@FunctionalInterface
interface FuseReply {
    /** Success without a body. */
    FuseReply EMPTY = FuseReplyEncoder::empty;

    /**
     * Encodes the whole reply, at most {@link BounceBuffer#HEADROOM} bytes.
     *
     * @return its length in bytes
     */
    int encode(ByteBuffer into, int at, long unique);

    static FuseReply error(Errno errno) {
        return (into, at, unique) -> FuseReplyEncoder.error(into, at, unique, errno);
    }
}
