package dev.weir.fuse.session;

import dev.weir.fuse.device.FuseDevice;
import dev.weir.fuse.device.FuseMountException;
import dev.weir.fuse.device.FuseTransport;
import dev.weir.fuse.protocol.DecodeResult;
import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseInitFlags;
import dev.weir.fuse.protocol.FuseInitIn;
import dev.weir.fuse.protocol.FuseInitReply;
import dev.weir.fuse.protocol.FuseOpcode;
import dev.weir.fuse.protocol.FuseProtocol;
import dev.weir.fuse.protocol.FuseReplyEncoder;
import dev.weir.fuse.protocol.FuseRequest;
import dev.weir.fuse.protocol.FuseRequestDecoder;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;

/**
 * The exchange of INIT, which comes before everything else: made on a thread that may block, so that a mount is reported
 * only when it works.
 */
public final class FuseHandshake {
    private static final int PAGE = 4096;

    /** What the kernel allows without more privileges: 1 MiB a request. */
    private static final int MAX_PAGES = 256;

    /** What a kernel without MAX_PAGES sends at most. */
    private static final int DEFAULT_PAGES = 32;

    private static final int MAX_BACKGROUND = 65535;
    private static final int CONGESTION_THRESHOLD = MAX_BACKGROUND / 4 * 3;

    /** A max_stack_depth: files of file systems that are not stacked on others themselves. */
    private static final int UNSTACKED = 1;

    private FuseHandshake() {}

    /**
     * What was agreed on.
     *
     * @param minor of the protocol 7.minor
     * @param flags of {@link FuseInitFlags}
     * @param maxTransfer bytes of the largest READ and WRITE
     */
    public record Agreement(int minor, long flags, int maxTransfer) {
        public boolean has(long flag) {
            return (flags & flag) != 0;
        }
    }

    /** The largest READ that a file system may be mounted for. */
    public static int maxTransfer() {
        return MAX_PAGES * PAGE;
    }

    /**
     * Waits for INIT and answers it. Blocks.
     *
     * @param growable whether O_TRUNC is to truncate; otherwise it is asked for in OPEN, and ignored there
     * @param passthrough whether files may be registered for the kernel to read them by itself, where it offers that
     * @throws FuseMountException where the kernel is too old, does not answer in time, or the device ends
     */
    public static Agreement perform(FuseDevice device, boolean growable, boolean passthrough, Duration timeout) {
        // The handshake's memory: one request, as small as the kernel accepts.
        BounceBuffer buffer = new BounceBuffer(2 * FuseProtocol.MIN_READ_BUFFER);
        try {
            int received = await(device, buffer, timeout);
            var request = new FuseRequest();
            var decoder =
                    new FuseRequestDecoder(maxTransfer() + FuseProtocol.WRITE_DATA_AT, maxTransfer(), maxTransfer());
            DecodeResult result = decoder.decode(request, buffer.bytes(), BounceBuffer.HEADROOM, received);
            if (result != DecodeResult.OK || request.opcode() != FuseOpcode.INIT) {
                throw new FuseMountException("the kernel did not begin with FUSE_INIT but with opcode "
                        + request.rawOpcode() + " (" + result + ")");
            }
            return answer(device, buffer, request, wanted(growable, passthrough));
        } catch (IOException e) {
            throw new FuseMountException("FUSE_INIT failed: " + e.getMessage(), e);
        } finally {
            buffer.free();
        }
    }

    private static int await(FuseDevice device, BounceBuffer buffer, Duration timeout) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            int received = device.receive(buffer.address(BounceBuffer.HEADROOM), buffer.capacity());
            if (received > 0) {
                return received;
            }
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (received != FuseTransport.NOTHING || left <= 0) {
                throw new FuseMountException(
                        received == FuseTransport.NOTHING
                                ? "the kernel sent no FUSE_INIT in " + timeout.toSeconds() + " s"
                                : "the file system was unmounted before FUSE_INIT");
            }
            try {
                int millis = (int) Math.min(left, Integer.MAX_VALUE);
                PosixFile.poll(device.descriptor().intValue(), PosixFile.POLLIN, millis);
            } catch (PosixException e) {
                throw new FuseMountException("cannot wait for FUSE_INIT", e);
            }
        }
    }

    private static Agreement answer(FuseDevice device, BounceBuffer buffer, FuseRequest request, long wanted)
            throws IOException {
        ByteBuffer body = request.body();
        int at = request.bodyAt();
        int major = FuseInitIn.major(body, at);
        int minor = FuseInitIn.minor(body, at);
        ByteBuffer bytes = buffer.bytes();
        if (major != FuseProtocol.MAJOR || minor < FuseProtocol.MINIMUM_MINOR) {
            device.reply(buffer.address(0), FuseReplyEncoder.error(bytes, 0, request.unique(), Errno.EPROTO));
            throw new FuseMountException("the kernel speaks FUSE protocol " + major + "." + minor + "; "
                    + FuseProtocol.MAJOR + "." + FuseProtocol.MINIMUM_MINOR + " or later is needed");
        }
        long offered = FuseInitIn.flags(body, at, request.bodyLength());
        long flags = offered & wanted;
        int pages = (flags & FuseInitFlags.MAX_PAGES) != 0 ? MAX_PAGES : DEFAULT_PAGES;
        var agreement = new Agreement(Math.min(minor, FuseProtocol.MINOR), flags, pages * PAGE);
        var reply = new FuseInitReply(
                FuseProtocol.MAJOR,
                agreement.minor,
                FuseInitIn.maxReadahead(body, at),
                flags,
                MAX_BACKGROUND,
                CONGESTION_THRESHOLD,
                agreement.maxTransfer,
                1,
                pages,
                0,
                agreement.has(FuseInitFlags.PASSTHROUGH) ? UNSTACKED : 0,
                0);
        int length = FuseReplyEncoder.init(bytes, 0, request.unique(), minor, reply);
        if (!device.reply(buffer.address(0), length)) {
            throw new FuseMountException("the file system was unmounted before FUSE_INIT was answered");
        }
        return agreement;
    }

    private static long wanted(boolean growable, boolean passthrough) {
        return FuseInitFlags.ASYNC_READ
                | FuseInitFlags.ASYNC_DIO
                | FuseInitFlags.BIG_WRITES
                | FuseInitFlags.MAX_PAGES
                | FuseInitFlags.INIT_EXT
                | FuseInitFlags.EXPLICIT_INVAL_DATA
                | FuseInitFlags.HANDLE_KILLPRIV_V2
                | FuseInitFlags.DIRECT_IO_ALLOW_MMAP
                | FuseInitFlags.ABORT_ERROR
                | (passthrough ? FuseInitFlags.PASSTHROUGH : 0)
                | (growable ? 0 : FuseInitFlags.ATOMIC_O_TRUNC);
    }
}
