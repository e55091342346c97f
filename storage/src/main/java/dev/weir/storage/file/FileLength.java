package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.FileStatus;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import java.io.IOException;

/** The length of a file in memory, and the ways to change it. */
final class FileLength {
    private final OpenFile file;
    private volatile long bytes;

    FileLength(OpenFile file) {
        this.file = file;
        this.bytes = file.length();
    }

    /** From memory. */
    long bytes() {
        return bytes;
    }

    /**
     * Resizes the file, one at a time; on failure it has its former length. Blocks. Nothing is synced: a flush must be the
     * one that hears of an error of writing back.
     */
    synchronized void change(long length, PreallocMode prealloc) throws IOException {
        long former = bytes;
        if (file.blockDevice()) {
            if (length != former) {
                throw BlockException.of(BlockErrorKind.UNSUPPORTED, "Cannot resize device files");
            }
            return;
        }
        if (length < former && prealloc != PreallocMode.OFF) {
            throw BlockException.of(BlockErrorKind.INVALID, "Preallocation can't be used for shrinking files");
        }
        if (length <= former) {
            // A shrinking file must not be asked for what is about to go.
            bytes = length;
        }
        try {
            switch (prealloc) {
                case OFF, METADATA -> PosixFile.ftruncate(file.fd(), length);
                case FALLOC -> allocate(former, length);
                case FULL -> writeZeroes(former, length);
            }
        } catch (IOException | RuntimeException e) {
            bytes = former;
            restore(former, e);
            throw e;
        }
        bytes = length;
    }

    /** Takes away what a write that was under way while the file shrank has put behind the end. Blocks. */
    synchronized void trim() throws PosixException {
        if (!file.blockDevice() && FileStatus.of(file.fd()).size() > bytes) {
            PosixFile.ftruncate(file.fd(), bytes);
        }
    }

    private void allocate(long former, long length) throws IOException {
        if (length == former) {
            return;
        }
        try {
            PosixFile.fallocate(file.fd(), 0, former, length - former);
        } catch (PosixException e) {
            if (e.errno() != Errno.EOPNOTSUPP && e.errno() != Errno.ENOSYS) {
                throw e;
            }
            writeZeroes(former, length);
        }
    }

    private void writeZeroes(long former, long length) throws IOException {
        long offset = former;
        while (offset < length) {
            offset += PosixFile.pwrite(file.fd(), Zeroes.view(length - offset), offset);
        }
    }

    private void restore(long former, Exception failure) {
        try {
            PosixFile.ftruncate(file.fd(), former);
        } catch (PosixException e) {
            failure.addSuppressed(e);
        }
    }
}
