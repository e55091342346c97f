package dev.weir.fuse.session;

import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseOpcode;
import dev.weir.fuse.protocol.FuseOutHeader;
import dev.weir.fuse.protocol.FuseReadIn;
import dev.weir.fuse.protocol.FuseReplyEncoder;
import dev.weir.fuse.protocol.FuseRequest;
import dev.weir.storage.ResidentReader;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers large READs of a queue with data where it lies, where the block layer can show it: nothing is copied but by the
 * kernel, for the client. Confined to the loop.
 */
final class ResidentReads implements ResidentReader {
    private static final Logger LOGGER = LoggerFactory.getLogger(ResidentReads.class);

    /** READs of fewer bytes are copied. */
    static final int MIN_BYTES = 16 * 1024;

    /** Where the header is, behind two struct iovec. */
    private static final int HEADER_AT = 32;

    private final FuseQueue queue;
    private final ByteBuffer memory =
            ByteBuffer.allocateDirect(HEADER_AT + FuseOutHeader.SIZE).order(ByteOrder.nativeOrder());
    private final long address = PlatformDependent.directBufferAddress(memory);
    private long unique;
    private long startNanos;

    ResidentReads(FuseQueue queue) {
        this.queue = queue;
        memory.putLong(0, address + HEADER_AT);
        memory.putLong(8, FuseOutHeader.SIZE);
    }

    /**
     * Answers a READ, if it can.
     *
     * @return false where nothing was done
     */
    boolean answer(FuseRequest request) {
        int size = FuseReadIn.size(request.body(), request.bodyAt());
        unique = request.unique();
        startNanos = System.nanoTime();
        return queue.handler().showResident(FuseReadIn.offset(request.body(), request.bodyAt()), size, this);
    }

    @Override
    public void show(long data, int length) {
        memory.putLong(16, data);
        memory.putLong(24, length);
        FuseReplyEncoder.dataHeader(memory, HEADER_AT, unique, length);
        queue.statistics().answeredResident();
        queue.statistics().completed(FuseOpcode.READ, length, System.nanoTime() - startNanos);
        try {
            queue.device().reply(address, 2, FuseOutHeader.SIZE + length);
        } catch (Throwable e) {
            // EFAULT where somebody has cut off the file: the client has got EIO by that, or gets it here.
            queue.statistics().failed(FuseOpcode.READ);
            answerError();
            throw new UncheckedIOException(new IOException("the data could not be had any more", e));
        }
    }

    private void answerError() {
        try {
            queue.device().reply(address + HEADER_AT, FuseReplyEncoder.error(memory, HEADER_AT, unique, Errno.EIO));
        } catch (Throwable e) {
            LOGGER.error("{}: the error reply to READ {} was refused", queue, unique, e);
        }
    }
}
