package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.FileStatus;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BackingFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * An open image: the buffered descriptor that locks, allocates and asks, and what was found out about the file.
 *
 * @param fd buffered whatever {@code cache.direct} says
 * @param direct whether transfers are to go around the page cache
 * @param fileSystem where it is, or where the name of the block device is
 * @param onDeviceOfProcess whether it is on a loop or network device, behind which may be an export of this very process
 * @param length bytes when it was opened
 */
record OpenFile(
        String filename,
        int fd,
        boolean readOnly,
        boolean direct,
        boolean blockDevice,
        FileSystemType fileSystem,
        boolean onDeviceOfProcess,
        long length,
        BlockLimits limits)
        implements BackingFile {
    private static final long BLKSSZGET = 0x1268;

    /** Of Documentation/admin-guide/devices.txt. */
    private static final int LOOP_MAJOR = 7;

    private static final int NBD_MAJOR = 43;

    /** Opens a file; blocks, but never on a fifo. A failure leaves nothing open. */
    static OpenFile open(String filename, boolean readOnly, boolean direct) throws IOException {
        try {
            // Opening some devices does something, so their kind is looked at before; and after, in case it changed.
            requireKind(filename, FileStatus.of(filename));
        } catch (PosixException e) {
            throw couldNotOpen(filename, e);
        }
        return open(filename, filename, readOnly, direct);
    }

    /** Opens the same file again, whatever its name is by now, or whatever has that name. As {@link #open} otherwise. */
    OpenFile again(boolean readOnly, boolean direct) throws IOException {
        return open(filename, "/proc/self/fd/" + fd, readOnly, direct);
    }

    @Override
    public int open() throws IOException {
        String path = "/proc/self/fd/" + fd;
        int around = PosixFile.open(path, PosixFile.O_RDONLY | PosixFile.O_DIRECT, 0);
        if (direct) {
            return around;
        }
        PosixFile.close(around);
        return PosixFile.open(path, PosixFile.O_RDONLY, 0);
    }

    private static OpenFile open(String filename, String path, boolean readOnly, boolean direct) throws IOException {
        int fd;
        try {
            int mode = readOnly ? PosixFile.O_RDONLY : PosixFile.O_RDWR;
            fd = PosixFile.open(path, mode | PosixFile.O_NONBLOCK, 0);
        } catch (PosixException e) {
            throw couldNotOpen(filename, e);
        }
        try {
            FileStatus status = FileStatus.of(fd);
            requireKind(filename, status);
            PosixFile.setStatusFlags(fd, PosixFile.statusFlags(fd) & ~PosixFile.O_NONBLOCK);
            boolean device = status.isBlockDevice();
            int sector = device ? logicalSector(fd) : 1;
            DirectAlignment alignment =
                    direct ? DirectAlignment.of(filename, fd, status, sector) : DirectAlignment.BUFFERED;
            var limits = new BlockLimits(
                    alignment.request(),
                    alignment.memory(),
                    BlockLimits.MAX_TRANSFER / alignment.request() * alignment.request(),
                    sector,
                    Math.max(0, status.blockSize()));
            long length = device ? PosixFile.lseek(fd, 0, PosixFile.SEEK_END) : status.size();
            return new OpenFile(
                    filename,
                    fd,
                    readOnly,
                    direct,
                    device,
                    FileSystemType.of(fd),
                    onDeviceOfProcess(status),
                    length,
                    limits);
        } catch (IOException | RuntimeException | Error e) {
            try {
                PosixFile.close(fd);
            } catch (PosixException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    private static boolean onDeviceOfProcess(FileStatus status) {
        return status.deviceMajor() == LOOP_MAJOR || status.deviceMajor() == NBD_MAJOR;
    }

    private static void requireKind(String filename, FileStatus status) {
        if (!status.isRegular() && !status.isBlockDevice()) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "'file' driver requires '" + filename + "' to be a regular file or a block device, but it is "
                            + status.kind());
        }
    }

    private static BlockException couldNotOpen(String filename, PosixException e) {
        return BlockException.of(FileErrors.kind(e), "Could not open '" + filename + "': " + Errno.text(e.errno()), e);
    }

    private static int logicalSector(int fd) throws PosixException {
        ByteBuffer size = ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder());
        PosixFile.ioctl(fd, BLKSSZGET, size);
        return size.getInt(0);
    }

    void close() throws IOException {
        PosixFile.close(fd);
    }
}
