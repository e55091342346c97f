package dev.weir.fuse.device;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A mounted file system of ours: its device and its place in the mount table. Its methods block, and are never called on
 * a thread that serves it.
 */
public final class FuseMount {
    private static final Logger LOGGER = LoggerFactory.getLogger(FuseMount.class);

    /** What came of an attempt to unmount. */
    public enum Unmounted {
        /** It is unmounted, and nobody used it. */
        DONE,
        /** It was not there any more; somebody may still have the file open. */
        GONE,
        /** Somebody uses it. */
        BUSY
    }

    private final FuseDevice device;
    private final Path mountpoint;
    private final FuseMounter mounter;
    private final String number;

    FuseMount(FuseDevice device, Path mountpoint, FuseMounter mounter) {
        this.device = device;
        this.mountpoint = mountpoint;
        this.mounter = mounter;
        this.number =
                MountTable.topmost(mountpoint).map(MountTable.Entry::device).orElse("");
    }

    /** The descriptor that the file system was mounted with. */
    public FuseDevice device() {
        return device;
    }

    /** The canonical path. */
    public Path mountpoint() {
        return mountpoint;
    }

    /** Whether this very file system, and not one of somebody else, is what is mounted at the mountpoint. */
    public boolean isMounted() {
        Optional<MountTable.Entry> top = MountTable.topmost(mountpoint);
        return top.isPresent() && top.get().device().equals(number);
    }

    /**
     * Unmounts while the file system is still served: the kernel writes back dirty pages first. Blocks until that is
     * done.
     */
    public Unmounted unmount() {
        return unmount(false);
    }

    /** Takes the mount out of the tree at once; whoever still uses it keeps it until the device is closed. */
    public void detach() {
        unmount(true);
    }

    private Unmounted unmount(boolean lazy) {
        if (!isMounted()) {
            return Unmounted.GONE;
        }
        try {
            mounter.unmount(mountpoint, lazy);
            return Unmounted.DONE;
        } catch (PosixException e) {
            if (e.errno() == Errno.EBUSY) {
                return Unmounted.BUSY;
            }
            if (!isMounted()) {
                return Unmounted.GONE;
            }
            throw new FuseMountException("cannot unmount '" + mountpoint + "': " + Errno.text(e.errno()), e);
        }
    }

    /** Gives the mountpoint back to whoever wants to export there next. */
    public void release() {
        OwnMountpoints.release(mountpoint);
    }

    /**
     * Has the kernel abort the connection: clients get errors at once, and so does the device. Needs fusectl, and the
     * right to write there; without it nothing happens.
     */
    public void abort() {
        Path file = Path.of("/sys/fs/fuse/connections", number.substring(number.indexOf(':') + 1), "abort");
        try {
            Files.writeString(file, "1");
        } catch (IOException e) {
            LOGGER.debug("{}: not aborted through fusectl: {}", mountpoint, e.toString());
        }
    }
}
