package dev.weir.posix;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Which processor a thread runs on, and when. Nothing here blocks, nothing throws. */
public final class PosixScheduling {
    /** No processor: it is not known, or cannot be had. */
    public static final int UNKNOWN = -1;

    /** As many processors as glibc's cpu_set_t has, 1024. */
    private static final int MASK_BYTES = 128;

    /** Enough for all of /proc/PID/stat. */
    private static final int STAT_BYTES = 1024;

    /** Fields of /proc/PID/stat between the name, which is the second, and the processor, which is the 39th. */
    private static final int FIELDS_AFTER_NAME = 37;

    /** The calling thread. */
    private static final int SELF = 0;

    /** Of include/uapi/linux/sched.h. */
    private static final int SCHED_OTHER = 0;

    private static final int SCHED_BATCH = 3;

    /** struct sched_param: a priority, 0 for these two. */
    private static final ByteBuffer NO_PRIORITY = LibC.struct(Integer.BYTES);

    /** PRIO_PROCESS and RUSAGE_THREAD of include/uapi/linux/resource.h; to Linux a thread is a process. */
    private static final int PRIO_PROCESS = 0;

    private static final int RUSAGE_THREAD = 1;

    /** The last two of the 18 words of struct rusage: voluntary and involuntary context switches. */
    private static final int RUSAGE_BYTES = 144;

    private static final int SWITCHES_AT = 128;

    /** Of the process's first thread, whose number is that of the process. */
    private static final boolean PROCESS_IS_BATCH =
            LibC.CALLS.sched_getscheduler((int) ProcessHandle.current().pid()) == SCHED_BATCH;

    private static final ThreadLocal<ByteBuffer> USAGE = ThreadLocal.withInitial(() -> LibC.struct(RUSAGE_BYTES));

    private PosixScheduling() {}

    /** The processor that the calling thread runs on, from 0 on. */
    public static int currentProcessor() {
        return LibC.CALLS.sched_getcpu();
    }

    /**
     * The processor that a thread of any process runs on, or ran on last.
     *
     * @param thread its number in our pid namespace
     * @return {@link #UNKNOWN} where there is no such thread, or it is hidden
     */
    public static int lastProcessor(int thread) {
        if (thread <= 0) {
            return UNKNOWN;
        }
        int fd = LibC.CALLS.open(
                ("/proc/" + thread + "/stat\0").getBytes(StandardCharsets.US_ASCII),
                PosixFile.O_RDONLY | PosixFile.O_CLOEXEC,
                0);
        if (fd < 0) {
            return UNKNOWN;
        }
        try {
            ByteBuffer text = LibC.struct(STAT_BYTES);
            long length = LibC.CALLS.read(fd, LibC.address(text), STAT_BYTES);
            return processor(text, (int) length);
        } finally {
            LibC.CALLS.close(fd);
        }
    }

    /** Source of the format: proc_pid_stat(5). The name may hold anything, but nothing after it holds a parenthesis. */
    static int processor(ByteBuffer stat, int length) {
        int at = length - 1;
        while (at >= 0 && stat.get(at) != ')') {
            at--;
        }
        if (at < 0) {
            return UNKNOWN;
        }
        for (int field = 0; field < FIELDS_AFTER_NAME; field++) {
            do {
                at++;
                if (at >= length) {
                    return UNKNOWN;
                }
            } while (stat.get(at) != ' ');
        }
        int processor = UNKNOWN;
        for (at++; at < length && stat.get(at) >= '0' && stat.get(at) <= '9'; at++) {
            processor = Math.max(processor, 0) * 10 + stat.get(at) - '0';
        }
        return processor;
    }

    /**
     * Brings the calling thread to a processor. It may be moved on from there at once: the set of processors that it may
     * run on stays what it is.
     *
     * @return false where it may not run there
     */
    public static boolean moveTo(int processor) {
        return stayOn(processor, () -> {});
    }

    /**
     * Runs something on a processor and nowhere else. On the calling thread.
     *
     * @return false where the thread may not run there: nothing was run
     */
    public static boolean stayOn(int processor, Runnable action) {
        if (processor < 0 || processor >= MASK_BYTES * Byte.SIZE) {
            return false;
        }
        int word = processor / Long.SIZE * Long.BYTES;
        long bit = 1L << processor;
        ByteBuffer allowed = LibC.struct(MASK_BYTES);
        ByteBuffer wanted = LibC.struct(MASK_BYTES).putLong(word, bit);
        try {
            if (LibC.CALLS.sched_getaffinity(SELF, MASK_BYTES, LibC.address(allowed)) < 0
                    || (allowed.getLong(word) & bit) == 0
                    || LibC.CALLS.sched_setaffinity(SELF, MASK_BYTES, LibC.address(wanted)) < 0) {
                return false;
            }
            try {
                action.run();
            } finally {
                LibC.CALLS.sched_setaffinity(SELF, MASK_BYTES, LibC.address(allowed));
            }
            return true;
        } finally {
            Reference.reachabilityFence(allowed);
            Reference.reachabilityFence(wanted);
        }
    }

    /** The nice value of the calling thread, from -20 to 19; a new thread has that of the one that started it. */
    public static int nice() {
        return LibC.CALLS.getpriority(PRIO_PROCESS, SELF);
    }

    /**
     * Gives the calling thread another nice value.
     *
     * @param value from -20 to 19; a lower one than it has needs CAP_SYS_NICE or RLIMIT_NICE
     * @return false where that is not allowed
     */
    public static boolean nice(int value) {
        return nice(SELF, value);
    }

    /**
     * As {@link #nice(int)}, for another thread.
     *
     * @param thread its number in our pid namespace
     * @return false where that is not allowed, or there is no such thread
     */
    public static boolean nice(int thread, int value) {
        return LibC.CALLS.setpriority(PRIO_PROCESS, thread, value) == 0;
    }

    /**
     * Has the calling thread, when it is woken up, wait until the thread that runs on its processor sleeps or has had its turn
     * (SCHED_BATCH), instead of taking the processor from it (SCHED_OTHER). Its share of the time is the same. Threads that
     * it starts begin like that.
     *
     * @param wanted false: as before
     * @return false where nothing has changed: it is so already, the thread has a policy that is neither, or it is not allowed
     */
    public static boolean batch(boolean wanted) {
        int from = wanted ? SCHED_OTHER : SCHED_BATCH;
        int to = wanted ? SCHED_BATCH : SCHED_OTHER;
        return LibC.CALLS.sched_getscheduler(SELF) == from
                && LibC.CALLS.sched_setscheduler(SELF, to, LibC.address(NO_PRIORITY)) == 0;
    }

    /** Undoes {@link #batch} in the calling thread, which another thread may have started that had it on. */
    public static void batchLikeProcess() {
        batch(PROCESS_IS_BATCH);
    }

    /** How often the calling thread has given up its processor so far, or was made to. Allocates nothing. */
    public static long switches() {
        ByteBuffer usage = usage();
        return usage.getLong(SWITCHES_AT) + usage.getLong(SWITCHES_AT + Long.BYTES);
    }

    /** How often the calling thread has waited for something so far, and given up its processor for that. Allocates nothing. */
    public static long waits() {
        return usage().getLong(SWITCHES_AT);
    }

    /** All zeroes where it cannot be had. */
    private static ByteBuffer usage() {
        ByteBuffer usage = USAGE.get();
        LibC.CALLS.getrusage(RUSAGE_THREAD, LibC.address(usage));
        return usage;
    }
}
