package dev.weir.posix;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * One io_uring: a queue of requests that the kernel takes when it is told to, and a queue of their results, both in memory
 * that is shared with the kernel. No request is lost for want of room in the second queue where no more are in flight than
 * it has entries.
 *
 * <p>Confined to the thread that opened it, which the kernel relies on. Nothing here blocks but {@link #enter} with a number
 * of results to wait for. Nothing is allocated after {@link #open}.
 */
public final class IoUring implements AutoCloseable {
    /** Gets the results, one by one. */
    public interface Results {
        /**
         * @param userData what the request was given
         * @param result of the system call that it stands for; a negated {@link Errno} where it failed
         */
        void ended(long userData, int result);
    }

    private static final VarHandle INT = MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

    private static final int OP_FSYNC = 3;
    private static final int OP_READ = 22;
    private static final int OP_WRITE = 23;
    private static final int FSYNC_DATASYNC = 1;

    private static final int ENTER_GETEVENTS = 1;
    private static final int SQ_CQ_OVERFLOW = 2;
    private static final int SQ_TASKRUN = 4;

    private static final int CQ_EVENTFD_DISABLED = 1;

    private static final int SQE_BYTES = 64;
    private static final int CQE_BYTES = 16;

    private final int fd;
    private final int eventFd;
    private final IoUringMemory memory;
    private final ByteBuffer rings;
    private final ByteBuffer sqes;
    private final int sqHeadAt;
    private final int sqTailAt;
    private final int sqFlagsAt;
    private final int sqMask;
    private final int sqEntries;
    private final int cqHeadAt;
    private final int cqTailAt;
    private final int cqFlagsAt;
    private final int cqMask;
    private final int cqEntries;
    private final int cqesAt;

    private int sqTail;
    private int cqHead;
    private boolean closed;

    IoUring(int fd, int eventFd, IoUringMemory memory) {
        this.fd = fd;
        this.eventFd = eventFd;
        this.memory = memory;
        this.rings = memory.rings();
        this.sqes = memory.sqes();
        this.sqHeadAt = memory.sq(0);
        this.sqTailAt = memory.sq(4);
        this.sqMask = rings.getInt(memory.sq(8));
        this.sqEntries = rings.getInt(memory.sq(12));
        this.sqFlagsAt = memory.sq(16);
        int arrayAt = memory.sq(24);
        this.cqHeadAt = memory.cq(0);
        this.cqTailAt = memory.cq(4);
        this.cqMask = rings.getInt(memory.cq(8));
        this.cqEntries = rings.getInt(memory.cq(12));
        this.cqesAt = memory.cq(20);
        this.cqFlagsAt = memory.cq(IoUringMemory.CQ_FLAGS);
        for (int i = 0; i < sqEntries; i++) {
            rings.putInt(arrayAt + 4 * i, i);
        }
    }

    /**
     * Makes a ring for the calling thread, with what makes it fast where this kernel has that. Takes a moment.
     *
     * @param entries requests between two calls of {@link #enter}; a power of two
     * @param inFlight results that there is room for; a power of two, more than {@code entries}
     * @throws PosixException ENOSYS before Linux 5.1 and EINVAL or EOPNOTSUPP before 5.8; EPERM where it is forbidden;
     *     ENOMEM where it would exceed the limit of locked memory
     */
    public static IoUring open(int entries, int inFlight) throws PosixException {
        return IoUringMemory.open(entries, inFlight);
    }

    /**
     * An eventfd, to be watched edge-triggered and not to be read: it tells that there are results, or that {@link #enter}
     * would bring some, unless it is muted. The ring's own. The descriptor of the ring itself would not do: with deferred
     * work epoll does not hear of it.
     */
    public int eventFd() {
        return eventFd;
    }

    /** Whether the eventfd keeps quiet. Who ends that looks for results afterwards. */
    public void mute(boolean muted) {
        INT.setVolatile(rings, cqFlagsAt, muted ? CQ_EVENTFD_DISABLED : 0);
    }

    /** Whether {@link #take} would find anything. */
    public boolean hasResults() {
        return cqHead != (int) INT.getVolatile(rings, cqTailAt);
    }

    /** Requests that may be in flight. */
    public int capacity() {
        return cqEntries;
    }

    /** Whether another request can be queued before {@link #enter}. */
    public boolean hasRoom() {
        return queued() < sqEntries;
    }

    /** Requests that the kernel has not taken. */
    public int queued() {
        return sqTail - (int) INT.getAcquire(rings, sqHeadAt);
    }

    /** Queues a read into what is left of a direct buffer, which must stay reachable until its end; its position stays. */
    public void read(int file, ByteBuffer dst, long offset, long userData) {
        queue(OP_READ, file, LibC.address(dst) + dst.position(), dst.remaining(), offset, 0, userData);
    }

    /** As {@link #read}, the other way. */
    public void write(int file, ByteBuffer src, long offset, long userData) {
        queue(OP_WRITE, file, LibC.address(src) + src.position(), src.remaining(), offset, 0, userData);
    }

    /** Queues an fdatasync(2). */
    public void fdatasync(int file, long userData) {
        queue(OP_FSYNC, file, 0, 0, 0, FSYNC_DATASYNC, userData);
    }

    private void queue(int opcode, int file, long address, int length, long offset, int flags, long userData) {
        if (!hasRoom()) {
            throw new IllegalStateException("no room");
        }
        int at = (sqTail & sqMask) * SQE_BYTES;
        // The opcode in the first byte; no flags, no priority.
        sqes.putInt(at, opcode);
        sqes.putInt(at + 4, file);
        sqes.putLong(at + 8, offset);
        sqes.putLong(at + 16, address);
        sqes.putInt(at + 24, length);
        sqes.putInt(at + 28, flags);
        sqes.putLong(at + 32, userData);
        sqes.putLong(at + 40, 0).putLong(at + 48, 0).putLong(at + 56, 0);
        sqTail++;
    }

    /**
     * Hands what is queued to the kernel, has it write down what ended, and waits.
     *
     * @param results that must be there before it returns, of requests that are in flight; blocks unless 0
     * @return requests that it took, or a negated {@link Errno}: EAGAIN and EBUSY pass, once something has ended
     */
    public int enter(int results) {
        INT.setRelease(rings, sqTailAt, sqTail);
        long taken = LibC.CALLS.syscall(IoUringMemory.ENTER, fd, queued(), results, ENTER_GETEVENTS, 0);
        return taken < 0 ? -LibC.errno() : (int) taken;
    }

    /** Whether the kernel has results that {@link #enter} would make it write down. */
    public boolean mustEnter() {
        return ((int) INT.getVolatile(rings, sqFlagsAt) & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) != 0;
    }

    /**
     * Takes the results that are there, also those that come meanwhile; requests may be queued meanwhile.
     *
     * @return how many
     */
    public int take(Results results) {
        int count = 0;
        while (cqHead != (int) INT.getAcquire(rings, cqTailAt)) {
            int at = cqesAt + (cqHead & cqMask) * CQE_BYTES;
            long userData = rings.getLong(at);
            int result = rings.getInt(at + 8);
            cqHead++;
            INT.setRelease(rings, cqHeadAt, cqHead);
            count++;
            results.ended(userData, result);
        }
        return count;
    }

    /** Gives descriptor and memory back. Nothing must be in flight: the kernel would go on writing to its buffer. */
    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            memory.close(fd, eventFd);
        }
    }
}
