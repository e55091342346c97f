package dev.weir.posix;

import org.jspecify.annotations.Nullable;

/**
 * mount(2) and umount2(2). Both block: a mount on the file system's own start, an unmount without {@link #MNT_DETACH} on
 * requests that the file system's server must answer, so never call it on a thread that serves them.
 */
public final class PosixMount {
    public static final long MS_RDONLY = 1;
    public static final long MS_NOSUID = 2;
    public static final long MS_NODEV = 4;
    public static final long MS_NOEXEC = 8;
    public static final long MS_NOATIME = 1024;

    public static final int MNT_FORCE = 1;
    public static final int MNT_DETACH = 2;
    public static final int UMOUNT_NOFOLLOW = 8;

    private PosixMount() {}

    /**
     * Mounts a file system.
     *
     * @param source what the mount table shows as the device
     * @param flags made of {@code MS_} bits
     * @param data the file system's own options, at most 4095 bytes: the kernel would cut the rest off silently
     * @throws PosixException with E2BIG where {@code data} is longer
     */
    public static void mount(String source, String target, String type, long flags, @Nullable String data)
            throws PosixException {
        String call = "mount " + target;
        byte[] options = data == null ? null : LibC.string(data, call);
        if (options != null && options.length > 4096) {
            throw new PosixException(Errno.E2BIG, call);
        }
        byte[] device = LibC.string(source, call);
        byte[] path = LibC.string(target, call);
        byte[] name = LibC.string(type, call);
        LibC.check(LibC.CALLS.mount(device, path, name, flags, options), call);
    }

    /**
     * Unmounts what is mounted at {@code target}.
     *
     * @param flags made of {@link #MNT_FORCE}, {@link #MNT_DETACH} and {@link #UMOUNT_NOFOLLOW}
     */
    public static void unmount(String target, int flags) throws PosixException {
        String call = "umount " + target;
        LibC.check(LibC.CALLS.umount2(LibC.string(target, call), flags), call);
    }
}
