package dev.weir.posix;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;

/**
 * Child processes that inherit chosen descriptors, which {@link ProcessBuilder} cannot start, and who we are. A child that
 * is started here must be waited for here.
 */
public final class PosixProcess {
    /** posix_spawn_file_actions_t is 80 bytes in glibc and musl; room to grow. */
    private static final int FILE_ACTIONS_BYTES = 256;

    private static final int STDERR = 2;

    private PosixProcess() {}

    /**
     * Starts a program. Blocks until the child has replaced its image or failed to.
     *
     * @param arguments the program first; looked up in this process's {@code PATH} where it holds no slash
     * @param environment all of the child's environment
     * @param descriptors what the child gets besides standard input, output and error: its number there, to ours here.
     *     Before glibc 2.34 the child also gets those of our other descriptors that are not close-on-exec; the JDK opens
     *     files so
     * @return the child's process id
     */
    public static int spawn(List<String> arguments, Map<String, String> environment, Map<Integer, Integer> descriptors)
            throws PosixException {
        String call = "posix_spawn " + arguments.get(0);
        byte[] program = LibC.string(arguments.get(0), call);
        ByteBuffer argv = strings(arguments, call);
        ByteBuffer envp = strings(
                environment.entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList(),
                call);
        ByteBuffer actions = LibC.struct(FILE_ACTIONS_BYTES);
        check(LibC.CALLS.posix_spawn_file_actions_init(actions), call);
        try {
            for (Map.Entry<Integer, Integer> entry : descriptors.entrySet()) {
                // A descriptor that is duplicated onto itself loses close-on-exec, in glibc since 2.29.
                check(LibC.CALLS.posix_spawn_file_actions_adddup2(actions, entry.getValue(), entry.getKey()), call);
            }
            int highest = descriptors.keySet().stream().reduce(STDERR, Math::max);
            closeFrom(actions, highest + 1, call);
            int[] pid = new int[1];
            check(LibC.CALLS.posix_spawnp(pid, program, actions, 0, argv, envp), call);
            return pid[0];
        } finally {
            LibC.CALLS.posix_spawn_file_actions_destroy(actions);
            Reference.reachabilityFence(argv);
            Reference.reachabilityFence(envp);
            Reference.reachabilityFence(actions);
        }
    }

    /**
     * Waits for a child that {@link #spawn} started; blocks until it ends.
     *
     * @return its exit status, or 128 and the number of the signal that killed it
     */
    public static int waitFor(int pid) throws PosixException {
        int[] status = new int[1];
        int result;
        do {
            result = LibC.CALLS.waitpid(pid, status, 0);
        } while (result < 0 && LibC.errno() == Errno.EINTR);
        LibC.check(result, "waitpid");
        int signal = status[0] & 0x7f;
        return signal == 0 ? status[0] >> 8 & 0xff : 128 + signal;
    }

    /**
     * Sets which permissions files that are created from now on lack, in the whole process.
     *
     * @return the mask before
     */
    public static int umask(int mask) {
        return LibC.CALLS.umask(mask);
    }

    /** The real user id. Does not block. */
    public static int uid() {
        return LibC.CALLS.getuid();
    }

    /** The effective user id. Does not block. */
    public static int effectiveUid() {
        return LibC.CALLS.geteuid();
    }

    /** The real group id. Does not block. */
    public static int gid() {
        return LibC.CALLS.getgid();
    }

    /** The effective group id. Does not block. */
    public static int effectiveGid() {
        return LibC.CALLS.getegid();
    }

    /** A NULL-terminated array of strings, with the strings behind it. */
    private static ByteBuffer strings(List<String> texts, String call) throws PosixException {
        byte[][] bytes = new byte[texts.size()][];
        int table = (texts.size() + 1) * 8;
        int total = table;
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = LibC.string(texts.get(i), call);
            total += bytes[i].length;
        }
        ByteBuffer array = LibC.struct(total);
        long address = LibC.address(array);
        int offset = table;
        for (int i = 0; i < bytes.length; i++) {
            array.putLong(i * 8, address + offset);
            array.put(offset, bytes[i]);
            offset += bytes[i].length;
        }
        return array;
    }

    private static void closeFrom(ByteBuffer actions, int lowest, String call) throws PosixException {
        try {
            check(LibC.CALLS.posix_spawn_file_actions_addclosefrom_np(actions, lowest), call);
        } catch (UnsatisfiedLinkError e) {
            // An older C library.
        }
    }

    private static void check(int errno, String call) throws PosixException {
        if (errno != 0) {
            throw new PosixException(errno, call);
        }
    }
}
