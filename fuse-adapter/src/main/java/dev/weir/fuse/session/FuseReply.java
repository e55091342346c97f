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
        return new Refusal(errno);
    }

    /** An errno that the rules of the export demand; no operation failed. */
    record Refusal(Errno errno) implements FuseReply {
        @Override
        public int encode(ByteBuffer into, int at, long unique) {
            return FuseReplyEncoder.error(into, at, unique, errno);
        }
    }
}
