package dev.weir.fuse.session;

import dev.weir.fuse.device.FuseDevice;
import dev.weir.fuse.protocol.FuseOpenIn;
import dev.weir.fuse.protocol.FuseOpenOut;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BackingFile;
import dev.weir.storage.BlockBackend;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The image's file, as it is registered with the kernel, which reads it by itself for clients that only read and would have
 * the same of us. Any thread.
 *
 * <p>While a file is open with a backing file, the kernel fails opens without one, and so it does the other way round where
 * somebody has mapped it. So every open names it; those of others with FOPEN_DIRECT_IO, by which their requests come to us.
 * Mappings of either go to the file.
 */
public final class PassthroughFile {
    private static final Logger LOGGER = LoggerFactory.getLogger(PassthroughFile.class);

    private static final int BY_ITSELF = FuseOpenOut.FOPEN_PASSTHROUGH;
    private static final int BY_US =
            FuseOpenOut.FOPEN_PASSTHROUGH | FuseOpenOut.FOPEN_DIRECT_IO | FuseOpenOut.FOPEN_PARALLEL_DIRECT_WRITES;

    private final FuseDevice device;
    private final BlockBackend backend;
    private final int backingId;
    private final boolean direct;
    private final AtomicBoolean closed = new AtomicBoolean();

    PassthroughFile(FuseDevice device, BlockBackend backend, int backingId, boolean direct) {
        this.device = device;
        this.backend = backend;
        this.backingId = backingId;
        this.direct = direct;
    }

    /**
     * Registers the file of a backend, which is held from then on. Blocks.
     *
     * @param name how log lines call the export
     * @param device with which FUSE_PASSTHROUGH was agreed on
     * @return null where that is not possible: nothing is held then
     */
    public static @Nullable PassthroughFile register(
            String name, FuseDevice device, BlockBackend backend, Duration timeout) throws InterruptedException {
        String reason;
        boolean registered = false;
        try {
            @Nullable BackingFile file = backend.holdFile().toFuture().get(timeout.toNanos(), TimeUnit.NANOSECONDS);
            if (file != null) {
                int backingId = register(device, file);
                registered = true;
                return new PassthroughFile(device, backend, backingId, file.direct());
            }
            reason = "node '" + backend.node().nodeName() + "' is not a raw image of a whole file";
        } catch (IOException e) {
            reason = String.valueOf(e.getMessage());
        } catch (ExecutionException | TimeoutException e) {
            reason = e.toString();
        } finally {
            if (!registered) {
                backend.releaseFile();
            }
        }
        LOGGER.info("{}: no passthrough: {}", name, reason);
        return null;
    }

    /** The kernel keeps the open file by itself. */
    private static int register(FuseDevice device, BackingFile file) throws IOException {
        int fd = file.open();
        try {
            return device.openBacking(fd);
        } finally {
            PosixFile.close(fd);
        }
    }

    int backingId() {
        return backingId;
    }

    /**
     * The {@code FOPEN_} bits of an open.
     *
     * @param flags the {@code O_} flags of the client
     */
    int openFlags(int flags) {
        boolean reader = (flags & FuseOpenIn.O_ACCMODE) == FuseOpenIn.O_RDONLY;
        boolean same = (flags & PosixFile.O_DIRECT) != 0 == direct;
        return reader && same ? BY_ITSELF : BY_US;
    }

    /** Before the device is closed. What clients have open stays readable. Idempotent. */
    public void close() {
        if (closed.compareAndSet(false, true)) {
            try {
                device.closeBacking(backingId);
            } catch (PosixException e) {
                // The connection has ended, and its registrations with it.
                LOGGER.debug("backing file {} could not be closed", backingId, e);
            }
            backend.releaseFile();
        }
    }

    /** The device is given up: the registration goes with the connection. Idempotent. */
    void abandon() {
        if (closed.compareAndSet(false, true)) {
            backend.releaseFile();
        }
    }
}
