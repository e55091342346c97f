package dev.weir.storage.file;

import dev.weir.posix.Errno;
import dev.weir.posix.OfdLock;
import dev.weir.posix.PosixException;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.Permission;
import dev.weir.storage.Permissions;

/**
 * QEMU's protocol of image locks: for every permission {@code i} in use a shared lock on byte 100 + i, for every permission
 * that is not shared one on byte 200 + i. Whoever wants a permission looks whether anybody holds 200 + i; whoever does not
 * share one, whether anybody holds 100 + i. Taking comes before looking, so of two at a time at least one gives way.
 *
 * <p>What QEMU 11.1 holds for a raw image, as /proc/locks shows: a writable FUSE export 100, 101 and 103, a read-only one
 * 100, {@code qemu-io} 100 and 101, {@code qemu-img info} nothing; the raw format shares everything, so two writers of one
 * raw image do not see each other. {@link Permissions#WRITE} holds 201 and 203 besides and so refuses a second writer on
 * either side, as QEMU does for qcow2; readers are let in as with QEMU.
 *
 * <p>Not safe for use by several threads at once; every call may block on a network file system.
 */
final class ImageLock {
    /** {@code locking}. */
    enum Mode {
        /** Where the file system has locks of open files. */
        AUTO,
        ON,
        OFF
    }

    private static final int USED = 100;
    private static final int UNSHARED = 200;

    private final String filename;
    private final int fd;
    private volatile Mode mode;
    private Permissions held = Permissions.NONE;

    ImageLock(String filename, int fd, Mode mode) {
        this.filename = filename;
        this.fd = fd;
        this.mode = mode;
    }

    /** Whether {@link #change} will never do anything. */
    boolean off() {
        return mode == Mode.OFF;
    }

    /** Holds {@code next} in place of what was held; fails with BUSY and holds what it held. */
    void change(Permissions next) throws PosixException {
        if (mode == Mode.OFF) {
            return;
        }
        Permissions former = held;
        try {
            // Both sets until it is decided: at no time is less held than the users rely on.
            take(next);
            check(next);
        } catch (PosixException | RuntimeException e) {
            if (mode == Mode.AUTO && e instanceof PosixException posix && noSuchLocks(posix.errno())) {
                mode = Mode.OFF;
                return;
            }
            dropAllBut(former);
            throw e;
        }
        dropAllBut(next);
        held = next;
    }

    /**
     * Holds what {@code other}, a lock of the same file, holds, and then that one nothing. Without looking at others: they
     * were kept out all the time. On failure nothing has changed.
     */
    void takeOver(ImageLock other) throws PosixException {
        mode = other.mode;
        if (mode == Mode.OFF) {
            return;
        }
        try {
            take(other.held);
        } catch (PosixException | RuntimeException e) {
            dropAllBut(held);
            throw e;
        }
        dropAllBut(other.held);
        held = other.held;
        other.dropAllBut(Permissions.NONE);
        other.held = Permissions.NONE;
    }

    private void take(Permissions next) throws PosixException {
        for (Permission permission : Permission.values()) {
            if (next.used().contains(permission)) {
                take(USED + permission.ordinal());
            }
            if (!next.shared().contains(permission)) {
                take(UNSHARED + permission.ordinal());
            }
        }
    }

    private void take(int at) throws PosixException {
        if (!OfdLock.tryLock(fd, at, 1, false)) {
            throw busy("Failed to lock byte " + at);
        }
    }

    private void check(Permissions next) throws PosixException {
        for (Permission permission : Permission.values()) {
            if (next.used().contains(permission) && !OfdLock.probe(fd, UNSHARED + permission.ordinal(), 1, true)) {
                throw busy("Failed to get \"" + permission.text() + "\" lock");
            }
            if (!next.shared().contains(permission) && !OfdLock.probe(fd, USED + permission.ordinal(), 1, true)) {
                throw busy("Failed to get shared \"" + permission.text() + "\" lock");
            }
        }
    }

    private void dropAllBut(Permissions kept) throws PosixException {
        for (Permission permission : Permission.values()) {
            if (!kept.used().contains(permission)) {
                OfdLock.unlock(fd, USED + permission.ordinal(), 1);
            }
            if (kept.shared().contains(permission)) {
                OfdLock.unlock(fd, UNSHARED + permission.ordinal(), 1);
            }
        }
    }

    private BlockException busy(String what) {
        return BlockException.of(
                BlockErrorKind.BUSY, what + ". Is another process using the image [" + filename + "]?");
    }

    private static boolean noSuchLocks(int errno) {
        return errno == Errno.EINVAL || errno == Errno.ENOSYS || errno == Errno.EOPNOTSUPP;
    }
}
