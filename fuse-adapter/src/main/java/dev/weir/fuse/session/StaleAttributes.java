package dev.weir.fuse.session;

import dev.weir.fuse.protocol.FuseProtocol;
import dev.weir.fuse.protocol.FuseReplyEncoder;
import io.netty.channel.unix.Buffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the kernel that the attributes it keeps are stale, such as the size: the next {@code stat} asks again. A file that
 * is open for appending is not looked at again by that; the kernel takes the end that it knows.
 */
final class StaleAttributes {
    private static final Logger LOGGER = LoggerFactory.getLogger(StaleAttributes.class);

    /**
     * One thread of the process, which ends when it has nothing to do. Not a loop: the kernel may wait for a request before
     * it takes the message.
     */
    private static final Executor TELLER = teller();

    /** The thread's. */
    private static final ByteBuffer MESSAGE = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());

    private final FuseQueue queue;
    private final AtomicBoolean asked = new AtomicBoolean();

    StaleAttributes(FuseQueue queue) {
        this.queue = queue;
    }

    private static Executor teller() {
        var threads = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedTransferQueue<>(), task -> {
            var thread = new Thread(task, "weir-notify");
            thread.setDaemon(true);
            return thread;
        });
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /** Has the kernel told soon; once for all calls until then. Any thread. */
    void tell() {
        if (asked.compareAndSet(false, true)) {
            TELLER.execute(this::tellNow);
        }
    }

    private void tellNow() {
        // First: what happens from now on is to be told again.
        asked.set(false);
        try {
            int length = FuseReplyEncoder.invalInode(MESSAGE, 0, FuseProtocol.ROOT_ID, -1, 0);
            queue.tell(Buffer.memoryAddress(MESSAGE), length);
        } catch (IOException e) {
            LOGGER.warn("{}: the kernel was not told of a new size", queue, e);
        }
    }
}
