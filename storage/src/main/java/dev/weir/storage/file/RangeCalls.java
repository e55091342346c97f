package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Zeroing and deallocating of ranges, by whichever call the file system has; what it lacks is asked for once. Blocks. */
final class RangeCalls {
    enum Call {
        PUNCH_HOLE(PosixFile.FALLOC_FL_PUNCH_HOLE | PosixFile.FALLOC_FL_KEEP_SIZE),
        ZERO_RANGE(PosixFile.FALLOC_FL_ZERO_RANGE | PosixFile.FALLOC_FL_KEEP_SIZE),
        ALLOCATE(PosixFile.FALLOC_FL_KEEP_SIZE),
        BLKDISCARD(0x1277),
        BLKZEROOUT(0x127f);

        /** The mode for fallocate(2), or the request for ioctl(2). */
        final int number;

        Call(int number) {
            this.number = number;
        }
    }

    /** The kernel. */
    interface Caller {
        void call(Call call, long offset, long length) throws PosixException;
    }

    private final OpenFile file;
    private final Caller caller;
    private final Set<Call> missing = ConcurrentHashMap.newKeySet();

    RangeCalls(OpenFile file) {
        this(file, (call, offset, length) -> {
            if (file.blockDevice()) {
                ByteBuffer range = ByteBuffer.allocateDirect(16).order(ByteOrder.nativeOrder());
                PosixFile.ioctl(file.fd(), call.number, range.putLong(0, offset).putLong(8, length));
            } else {
                PosixFile.fallocate(file.fd(), call.number, offset, length);
            }
        });
    }

    RangeCalls(OpenFile file, Caller caller) {
        this.file = file;
        this.caller = caller;
        missing.addAll(
                file.blockDevice()
                        ? EnumSet.of(Call.PUNCH_HOLE, Call.ZERO_RANGE, Call.ALLOCATE)
                        : EnumSet.of(Call.BLKDISCARD, Call.BLKZEROOUT));
    }

    /** Fails with UNSUPPORTED where nothing but writing zeroes is left. */
    void zero(long offset, long length, boolean mayUnmap, boolean noFallback) throws PosixException {
        if (length == 0 || mayUnmap && does(Call.PUNCH_HOLE, offset, length)) {
            return;
        }
        // The kernel may write buffers of zeroes for BLKZEROOUT, which is what noFallback forbids.
        if (does(Call.ZERO_RANGE, offset, length) || !noFallback && does(Call.BLKZEROOUT, offset, length)) {
            return;
        }
        // A range that cannot be allocated afterwards must not be punched unless zeroes may be written instead: it is
        // tried
        // first, which leaves the contents as they are.
        boolean allocates = noFallback ? does(Call.ALLOCATE, offset, length) : !missing.contains(Call.ALLOCATE);
        if (allocates && does(Call.PUNCH_HOLE, offset, length) && does(Call.ALLOCATE, offset, length)) {
            return;
        }
        throw unsupported("writeZeroes");
    }

    /** Fails with UNSUPPORTED where the file system or device cannot deallocate. */
    void discard(long offset, long length) throws PosixException {
        if (length == 0) {
            return;
        }
        if (!file.blockDevice()) {
            if (!does(Call.PUNCH_HOLE, offset, length)) {
                throw unsupported("discard");
            }
            return;
        }
        long sector = file.limits().zeroAlignment();
        long start = (offset + sector - 1) / sector * sector;
        long end = (offset + length) / sector * sector;
        if (start < end && !does(Call.BLKDISCARD, start, end - start)) {
            throw unsupported("discard");
        }
    }

    /** @return false where there is no such call for this file or this range */
    private boolean does(Call call, long offset, long length) throws PosixException {
        if (missing.contains(call)) {
            return false;
        }
        try {
            caller.call(call, offset, length);
            return true;
        } catch (PosixException e) {
            switch (e.errno()) {
                case Errno.EOPNOTSUPP, Errno.ENOSYS, Errno.ENOTTY -> missing.add(call);
                // This range's alignment, not the file system as a whole.
                case Errno.EINVAL -> {}
                default -> throw e;
            }
            return false;
        }
    }

    private static BlockException unsupported(String operation) {
        return BlockException.of(BlockErrorKind.UNSUPPORTED, operation + " is not supported by the file system below");
    }
}
