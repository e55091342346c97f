package dev.weir.posix;

import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The memory that an io_uring shares with the kernel, and how it comes to be. */
final class IoUringMemory {
    /** The numbers of the system calls are the same on every architecture. */
    private static final int SETUP = 425;

    static final int ENTER = 426;
    private static final int REGISTER = 427;

    private static final int SETUP_CQSIZE = 1 << 3;
    private static final int SETUP_SUBMIT_ALL = 1 << 7;
    private static final int SETUP_COOP_TASKRUN = 1 << 8;
    private static final int SETUP_TASKRUN_FLAG = 1 << 9;
    private static final int SETUP_SINGLE_ISSUER = 1 << 12;
    private static final int SETUP_DEFER_TASKRUN = 1 << 13;

    /** Flags of Linux 6.1, of 5.19, and of any. */
    private static final int[] SETUPS = {
        SETUP_CQSIZE | SETUP_SUBMIT_ALL | SETUP_TASKRUN_FLAG | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN,
        SETUP_CQSIZE | SETUP_SUBMIT_ALL | SETUP_TASKRUN_FLAG | SETUP_COOP_TASKRUN,
        SETUP_CQSIZE
    };

    private static final int FEAT_SINGLE_MMAP = 1;
    private static final int FEAT_NODROP = 2;

    private static final int REGISTER_EVENTFD = 4;
    private static final int REGISTER_PROBE = 8;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int EFD_NONBLOCK = 0x800;
    private static final int PROBE_BYTES = 16;
    private static final int PROBE_OP_BYTES = 8;
    private static final int PROBED_OPS = 32;
    private static final int OP_SUPPORTED = 1;
    private static final int[] NEEDED_OPS = {3, 22, 23};

    private static final int PARAMS_BYTES = 120;
    private static final int SQ_OFFSETS = 40;
    private static final int CQ_OFFSETS = 80;

    /** Where the flags are; 0 before Linux 5.8. */
    static final int CQ_FLAGS = 24;

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x1 | 0x8000;
    private static final long MAP_RINGS = 0;
    private static final long MAP_SQES = 0x10000000;

    private static final MemoryIO MEMORY = MemoryIO.getInstance();

    private final ByteBuffer params;
    private final long ringsBytes;
    private final long sqesBytes;
    private final long ringsAddress;
    private final long sqesAddress;

    private IoUringMemory(int fd, ByteBuffer params) throws PosixException {
        this.params = params;
        int sqEntries = params.getInt(0);
        int cqEntries = params.getInt(4);
        if (cq(CQ_FLAGS) == 0) {
            // Linux before 5.8: results could not be kept from waking up the loop.
            throw new PosixException(Errno.EOPNOTSUPP, "io_uring_setup");
        }
        ringsBytes = Math.max(sq(24) + 4L * sqEntries, cq(20) + 16L * cqEntries);
        sqesBytes = 64L * sqEntries;
        ringsAddress = map(fd, ringsBytes, MAP_RINGS);
        try {
            sqesAddress = map(fd, sqesBytes, MAP_SQES);
        } catch (PosixException e) {
            LibC.CALLS.munmap(ringsAddress, ringsBytes);
            throw e;
        }
    }

    /** As {@link IoUring#open}. */
    static IoUring open(int entries, int cqEntries) throws PosixException {
        ByteBuffer params = LibC.struct(PARAMS_BYTES);
        int fd = setup(entries, cqEntries, params);
        try {
            if ((params.getInt(20) & FEAT_SINGLE_MMAP) == 0 || (params.getInt(20) & FEAT_NODROP) == 0) {
                throw new PosixException(Errno.EOPNOTSUPP, "io_uring_setup");
            }
            requireOps(fd);
            int eventFd = eventFd(fd);
            try {
                return new IoUring(fd, eventFd, new IoUringMemory(fd, params));
            } catch (PosixException | RuntimeException | Error e) {
                PosixFile.close(eventFd);
                throw e;
            }
        } catch (PosixException | RuntimeException | Error e) {
            PosixFile.close(fd);
            throw e;
        }
    }

    private static int setup(int entries, int cqEntries, ByteBuffer params) throws PosixException {
        for (int i = 0; ; i++) {
            for (int word = 0; word < PARAMS_BYTES; word += 4) {
                params.putInt(word, 0);
            }
            params.putInt(4, cqEntries).putInt(8, SETUPS[i]);
            long fd = LibC.CALLS.syscall(SETUP, entries, LibC.address(params), 0, 0, 0);
            if (fd >= 0) {
                return (int) fd;
            }
            if (LibC.errno() != Errno.EINVAL || i == SETUPS.length - 1) {
                throw LibC.failed("io_uring_setup");
            }
        }
    }

    private static void requireOps(int fd) throws PosixException {
        ByteBuffer probe = LibC.struct(PROBE_BYTES + PROBED_OPS * PROBE_OP_BYTES);
        LibC.check(
                LibC.CALLS.syscall(REGISTER, fd, REGISTER_PROBE, LibC.address(probe), PROBED_OPS, 0),
                "io_uring_register");
        for (int op : NEEDED_OPS) {
            if ((probe.getShort(PROBE_BYTES + op * PROBE_OP_BYTES + 2) & OP_SUPPORTED) == 0) {
                throw new PosixException(Errno.EOPNOTSUPP, "io_uring_register");
            }
        }
    }

    private static int eventFd(int fd) throws PosixException {
        int eventFd = LibC.check(LibC.CALLS.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
        try {
            ByteBuffer number = LibC.struct(4).putInt(0, eventFd);
            LibC.check(
                    LibC.CALLS.syscall(REGISTER, fd, REGISTER_EVENTFD, LibC.address(number), 1, 0),
                    "io_uring_register");
            return eventFd;
        } catch (PosixException e) {
            PosixFile.close(eventFd);
            throw e;
        }
    }

    private static long map(int fd, long bytes, long what) throws PosixException {
        long address = LibC.CALLS.mmap(0, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, what);
        if (address == -1) {
            throw LibC.failed("mmap");
        }
        return address;
    }

    ByteBuffer rings() {
        return MEMORY.newDirectByteBuffer(ringsAddress, (int) ringsBytes).order(ByteOrder.nativeOrder());
    }

    ByteBuffer sqes() {
        return MEMORY.newDirectByteBuffer(sqesAddress, (int) sqesBytes).order(ByteOrder.nativeOrder());
    }

    /** Where a field of the submission queue is in {@link #rings}. */
    int sq(int field) {
        return params.getInt(SQ_OFFSETS + field);
    }

    /** Where a field of the completion queue is in {@link #rings}. */
    int cq(int field) {
        return params.getInt(CQ_OFFSETS + field);
    }

    void close(int fd, int eventFd) throws PosixException {
        LibC.CALLS.munmap(sqesAddress, sqesBytes);
        LibC.CALLS.munmap(ringsAddress, ringsBytes);
        try {
            PosixFile.close(fd);
        } finally {
            PosixFile.close(eventFd);
        }
    }
}
