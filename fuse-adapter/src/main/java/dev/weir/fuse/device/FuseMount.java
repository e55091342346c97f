package dev.weir.fuse.device;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixMount;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mounted file system of ours: its device and its place in the mount table. Its methods block, and are never called on
 * a thread that serves it.
 */
public final class FuseMount {
    private static final Logger LOGGER = LoggerFactory.getLogger(FuseMount.class);
    private static final ProcessBuilder.Redirect NOWHERE = ProcessBuilder.Redirect.from(new File("/dev/null"));

    /** What came of an attempt to unmount. */
    public enum Unmounted {
        /** It is unmounted, and nobody used it by that way. */
        DONE,
        /** It was not there any more; somebody may still have the file open. */
        GONE,
        /** Somebody uses it. */
        BUSY
    }

    private final FuseDevice device;
    private final Path mountpoint;
    private final FuseMounter mounter;
    private final boolean allowOther;

    /** {@code major:minor} of the file system: nobody else's as long as it lives, given to the next one afterwards. */
    private final String number;

    FuseMount(FuseDevice device, Path mountpoint, FuseMounter mounter, boolean allowOther) {
        this.device = device;
        this.mountpoint = mountpoint;
        this.mounter = mounter;
        this.allowOther = allowOther;
        this.number = MountTable.topmost(mountpoint)
                .filter(MountTable.Entry::isFuse)
                .map(MountTable.Entry::device)
                .orElseThrow(
                        () -> new FuseMountException("'" + mountpoint + "' is mounted, but not in the mount table"));
    }

    /** The descriptor that the file system was mounted with. */
    public FuseDevice device() {
        return device;
    }

    /** The canonical path. */
    public Path mountpoint() {
        return mountpoint;
    }

    /** Whether users other than ours are let in. */
    public boolean allowOther() {
        return allowOther;
    }

    /**
     * Unmounts while the file system is still served, unless somebody uses it. Blocks. Not once the kernel has said that
     * it is unmounted: what is mounted there then is somebody else's.
     */
    public Unmounted unmount() {
        List<MountTable.Entry> table = MountTable.read();
        List<String> places = places(table);
        if (places.isEmpty()) {
            return Unmounted.GONE;
        }
        if (places.size() > 1 || !onTop(table, places.get(0))) {
            return Unmounted.BUSY;
        }
        return unmount(places.get(0), false);
    }

    /**
     * Takes the mount out of the tree at once, wherever it was moved or bound to; whoever still uses it keeps it until the
     * device is closed. Not once the kernel has said that it is unmounted.
     */
    public void detach() {
        List<MountTable.Entry> table;
        try {
            table = MountTable.read();
        } catch (UncheckedIOException e) {
            // Out of descriptors, probably: rather not look than leave a dead mount.
            unmount(mountpoint.toString(), true);
            return;
        }
        for (String place : places(table)) {
            if (onTop(table, place)) {
                unmount(place, true);
            } else {
                LOGGER.warn("'{}' stays mounted, dead: something else is mounted over it", place);
            }
        }
    }

    /**
     * Ends the connection although somebody holds the device open: all requests end with an error. Needs the control file
     * system of FUSE, or privileges; otherwise nothing happens.
     */
    public void abort() {
        Path control = Path.of("/sys/fs/fuse/connections", number.substring(number.indexOf(':') + 1), "abort");
        try {
            Files.writeString(control, "1", StandardOpenOption.WRITE);
        } catch (IOException e) {
            try {
                PosixMount.unmount(mountpoint.toString(), PosixMount.UMOUNT_NOFOLLOW | PosixMount.MNT_FORCE);
            } catch (PosixException busy) {
                LOGGER.debug("'{}' was to be aborted: {}; {}", mountpoint, e, busy.getMessage());
            }
        }
    }

    /**
     * Sets how far the kernel reads ahead for files that are opened from now on. Needs privileges; otherwise it stays at
     * the kernel's standard of 128 KiB, as a rule.
     *
     * @return whether it is set
     */
    public boolean readAhead(long bytes) {
        try {
            Files.writeString(
                    Path.of("/sys/class/bdi", number, "read_ahead_kb"),
                    Long.toString(bytes >> 10),
                    StandardOpenOption.WRITE);
            return true;
        } catch (IOException e) {
            LOGGER.debug("'{}': the kernel reads ahead as usual: {}", mountpoint, e.toString());
            return false;
        }
    }

    /** Where it is mounted in this process's namespace. */
    private List<String> places(List<MountTable.Entry> table) {
        return table.stream()
                .filter(entry -> entry.device().equals(number) && entry.isFuse())
                .map(MountTable.Entry::mountpoint)
                .distinct()
                .toList();
    }

    private boolean onTop(List<MountTable.Entry> table, String place) {
        return MountTable.topmost(table, place).orElseThrow().device().equals(number);
    }

    private Unmounted unmount(String place, boolean lazy) {
        try {
            mounter.unmount(place, lazy);
            return Unmounted.DONE;
        } catch (PosixException e) {
            if (e.errno() == Errno.EBUSY) {
                return Unmounted.BUSY;
            }
            if (e.errno() == Errno.EINVAL || e.errno() == Errno.ENOENT) {
                return Unmounted.GONE;
            }
            throw new FuseMountException("cannot unmount '" + place + "': " + Errno.text(e.errno()), e);
        }
    }

    /**
     * Has the kernel write back what clients changed through shared mappings and have not unmapped, and waits for it,
     * while the file system is served. Another process asks for it: a thread of the server that waits for its own
     * answers could not even be killed. Where that is not possible, nothing happens.
     *
     * @return false where it did not end in time
     */
    public boolean writeBack(Duration timeout) throws InterruptedException {
        try {
            Process sync = new ProcessBuilder("sync", mountpoint.toString())
                    .redirectInput(NOWHERE)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!sync.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                sync.destroyForcibly();
                return false;
            }
            if (sync.exitValue() != 0) {
                LOGGER.warn("{}: sync(1) ended with {}", mountpoint, sync.exitValue());
            }
        } catch (IOException e) {
            LOGGER.warn("{}: mappings are not written back: {}", mountpoint, e.getMessage());
        }
        return true;
    }

    /** Whether this very file system is mounted at the mountpoint although its connection has ended. */
    public boolean isDead() {
        List<MountTable.Entry> table = MountTable.read();
        String place = mountpoint.toString();
        return places(table).contains(place)
                && onTop(table, place)
                && FuseMounter.errnoOfStat(mountpoint) == Errno.ENOTCONN;
    }

    /** Gives the mountpoint back to whoever wants to export there next. */
    public void release() {
        OwnMountpoints.release(mountpoint);
    }
}
