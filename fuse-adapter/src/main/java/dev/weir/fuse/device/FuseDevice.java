package dev.weir.fuse.device;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import io.netty.channel.unix.Errors;
import io.netty.channel.unix.FileDescriptor;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;

/**
 * One descriptor of /dev/fuse, or of a socket that stands in for it and keeps message boundaries. The descriptor is
 * non-blocking and closed on exec: a child that inherited it would keep a dead connection alive.
 */
public final class FuseDevice implements FuseTransport {
    private static final String PATH = "/dev/fuse";

    /** {@code FUSE_DEV_IOC_CLONE} of include/uapi/linux/fuse.h: _IOR(229, 0, uint32_t). */
    private static final long FUSE_DEV_IOC_CLONE = 0x8004e500L;

    /** {@code FUSE_DEV_IOC_BACKING_OPEN}: _IOW(229, 1, struct fuse_backing_map). */
    private static final long FUSE_DEV_IOC_BACKING_OPEN = 0x4010e501L;

    /** {@code FUSE_DEV_IOC_BACKING_CLOSE}: _IOW(229, 2, uint32_t). */
    private static final long FUSE_DEV_IOC_BACKING_CLOSE = 0x4004e502L;

    private static final int BACKING_MAP_SIZE = 16;

    private final FileDescriptor descriptor;

    private FuseDevice(int fd) {
        this.descriptor = new FileDescriptor(fd);
    }

    /**
     * Opens /dev/fuse; nothing is mounted yet.
     *
     * @throws FuseMountException where there is no such device, or no right to open it
     */
    public static FuseDevice open() {
        try {
            return new FuseDevice(openPath());
        } catch (PosixException e) {
            throw switch (e.errno()) {
                case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
                    new FuseMountException("no " + PATH + ": load the kernel module fuse, or pass the device in", e);
                case Errno.EACCES, Errno.EPERM -> new FuseMountException("no right to open " + PATH, e);
                default -> new FuseMountException("cannot open " + PATH + ": " + Errno.text(e.errno()), e);
            };
        }
    }

    /** Takes over a descriptor that is attached to a mount already, or a SOCK_SEQPACKET socket, and makes it non-blocking. */
    public static FuseDevice of(int fd) throws PosixException {
        PosixFile.setStatusFlags(fd, PosixFile.statusFlags(fd) | PosixFile.O_NONBLOCK);
        PosixFile.setDescriptorFlags(fd, PosixFile.FD_CLOEXEC);
        return new FuseDevice(fd);
    }

    /**
     * Another descriptor of the same connection, for another queue. Requests go to whichever reads first; a reply goes to
     * the descriptor that its request came from. Only once the file system is mounted.
     */
    public FuseDevice cloneDevice() {
        int fd = -1;
        try {
            fd = openPath();
            ByteBuffer session = ByteBuffer.allocateDirect(Integer.BYTES).order(ByteOrder.nativeOrder());
            session.putInt(0, descriptor.intValue());
            PosixFile.ioctl(fd, FUSE_DEV_IOC_CLONE, session);
            return new FuseDevice(fd);
        } catch (PosixException e) {
            if (fd >= 0) {
                closeQuietly(fd);
            }
            throw new FuseMountException("cannot clone " + PATH + ": " + Errno.text(e.errno()), e);
        }
    }

    /**
     * Registers an open regular file with the connection, for opens with FOPEN_PASSTHROUGH. The kernel keeps the file open.
     *
     * @return the backing id, above 0
     * @throws PosixException EPERM without CAP_SYS_ADMIN, ELOOP on a file system that is stacked itself
     */
    public int openBacking(int fd) throws PosixException {
        ByteBuffer map = ByteBuffer.allocateDirect(BACKING_MAP_SIZE).order(ByteOrder.nativeOrder());
        map.putInt(0, fd);
        return PosixFile.ioctl(descriptor.intValue(), FUSE_DEV_IOC_BACKING_OPEN, map);
    }

    /** Takes a registration back; files that are open with it stay so. Before {@link #close}. */
    public void closeBacking(int backingId) throws PosixException {
        ByteBuffer id = ByteBuffer.allocateDirect(Integer.BYTES).order(ByteOrder.nativeOrder());
        id.putInt(0, backingId);
        PosixFile.ioctl(descriptor.intValue(), FUSE_DEV_IOC_BACKING_CLOSE, id);
    }

    /** For registration with an event loop. */
    public FileDescriptor descriptor() {
        return descriptor;
    }

    @Override
    public int receive(long address, int length) throws IOException {
        try {
            int received = descriptor.readAddress(address, 0, length);
            return received < 0 ? UNMOUNTED : received;
        } catch (FileNotFoundException e) {
            // ENOENT: the request was interrupted while it was copied; the next read gets the next one.
            return NOTHING;
        } catch (ClosedChannelException e) {
            return UNMOUNTED;
        } catch (Errors.NativeIoException e) {
            return switch (-e.expectedErr()) {
                case Errno.ENODEV -> UNMOUNTED;
                case Errno.ECONNABORTED, Errno.ECONNRESET -> ABORTED;
                // The kernel could not copy the request and has answered it by itself.
                case Errno.EIO -> NOTHING;
                default -> throw e;
            };
        }
    }

    @Override
    public boolean reply(long address, int length) throws IOException {
        return reply(address, 0, length);
    }

    /** @param count of struct iovec at the address; 0 where the reply itself is there */
    @Override
    public boolean reply(long address, int count, int length) throws IOException {
        try {
            long written = count == 0
                    ? descriptor.writeAddress(address, 0, length)
                    : descriptor.writevAddresses(address, count);
            if (written != length) {
                throw new IOException("wrote " + written + " of " + length + " bytes to " + PATH);
            }
            return true;
        } catch (FileNotFoundException | ClosedChannelException e) {
            return false;
        } catch (Errors.NativeIoException e) {
            return switch (-e.expectedErr()) {
                case Errno.ENODEV, Errno.EPERM, Errno.ECONNABORTED, Errno.EPIPE, Errno.ECONNRESET -> false;
                default -> throw e;
            };
        }
    }

    /**
     * Ends the connection while requests are still in flight: their clients get ENOTCONN or ECONNABORTED at once. The
     * descriptor's number stays taken until {@link #close}, so that a late reply cannot reach a stranger.
     */
    public void abandon() throws PosixException {
        int nothing = PosixFile.open("/dev/null", PosixFile.O_WRONLY | PosixFile.O_CLOEXEC, 0);
        try {
            PosixFile.replace(nothing, descriptor.intValue());
        } finally {
            PosixFile.close(nothing);
        }
    }

    /** Only once it is unregistered and nothing is in flight: the number may be given to another file at once. Idempotent. */
    public void close() {
        try {
            descriptor.close();
        } catch (IOException e) {
            throw new FuseMountException("cannot close " + PATH, e);
        }
    }

    private static int openPath() throws PosixException {
        return PosixFile.open(PATH, PosixFile.O_RDWR | PosixFile.O_CLOEXEC | PosixFile.O_NONBLOCK, 0);
    }

    private static void closeQuietly(int fd) {
        try {
            PosixFile.close(fd);
        } catch (PosixException e) {
            // The failure before is what the caller hears of.
        }
    }
}
