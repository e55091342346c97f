package dev.weir.fuse.device;

import dev.weir.posix.Errno;
import dev.weir.posix.FileStatus;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixProcess;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Mounts file systems whose root is one regular file, on a regular file. The superuser calls mount(2), anybody else asks
 * fusermount3. Everything blocks.
 */
public abstract sealed class FuseMounter permits DirectMounter, FusermountMounter {
    private static final Logger LOGGER = LoggerFactory.getLogger(FuseMounter.class);

    /** How long a file that may lie on somebody's hung mount is waited for. */
    private static final int STAT_SECONDS = 5;

    FuseMounter() {}

    /** The way that is open to this process. */
    public static FuseMounter forThisProcess() {
        return PosixProcess.effectiveUid() == 0 ? new DirectMounter() : new FusermountMounter();
    }

    /**
     * Mounts; the kernel's INIT request waits on the device afterwards, and every client with it. A mount that a killed
     * process left behind is taken away first.
     *
     * @param mountpoint a regular file; it may be a symbolic link to one
     * @throws FuseMountException where that is not possible; nothing is mounted or open then
     */
    public final FuseMount mount(Path mountpoint, MountOptions options) {
        Path canonical = OwnMountpoints.canonical(mountpoint);
        OwnMountpoints.claim(canonical, mountpoint);
        try {
            recover(canonical, mountpoint);
            checkRegularFile(canonical, mountpoint);
            return attachOrNot(canonical, options);
        } catch (RuntimeException | Error e) {
            OwnMountpoints.release(canonical);
            throw e;
        }
    }

    /**
     * Takes away a dead mount at a path, if there is one: a FUSE file system whose server ended without unmounting it.
     *
     * @throws FuseMountException where a FUSE file system is mounted there that lives
     */
    public final void recover(Path mountpoint) {
        Path canonical = OwnMountpoints.canonical(mountpoint);
        if (OwnMountpoints.contains(canonical)) {
            throw OwnMountpoints.alreadyExported(mountpoint);
        }
        recover(canonical, mountpoint);
    }

    private FuseMount attachOrNot(Path canonical, MountOptions options) {
        FuseDevice device;
        boolean allowOther = options.allowOther();
        try {
            device = attach(canonical, options);
        } catch (FuseMountException e) {
            if (!allowOther || !options.orNot()) {
                throw e;
            }
            allowOther = false;
            device = attach(canonical, options.withoutAllowOther());
        }
        try {
            return new FuseMount(device, canonical, this, allowOther);
        } catch (RuntimeException e) {
            takeBack(canonical, device);
            throw e;
        }
    }

    /** After a failure that is reported; another one would hide it. */
    final void takeBack(Path canonical, FuseDevice device) {
        try {
            unmount(canonical.toString(), true);
        } catch (PosixException | FuseMountException e) {
            LOGGER.warn("'{}' stays mounted, dead: {}", canonical, e.getMessage());
        }
        device.close();
    }

    /** Opens a device and attaches it to a new mount. */
    abstract FuseDevice attach(Path mountpoint, MountOptions options);

    abstract void unmount(String mountpoint, boolean lazy) throws PosixException;

    private void recover(Path canonical, Path asGiven) {
        Optional<MountTable.Entry> top = MountTable.topmost(canonical);
        while (top.isPresent() && top.get().isFuse()) {
            if (errnoOfStat(canonical) != Errno.ENOTCONN) {
                throw OwnMountpoints.alreadyExported(asGiven);
            }
            LOGGER.info("'{}' is the dead mount of a process that was killed; it is unmounted", asGiven);
            try {
                unmount(canonical.toString(), true);
            } catch (PosixException e) {
                throw new FuseMountException(
                        "cannot unmount the dead mount '" + asGiven + "': " + Errno.text(e.errno()), e);
            }
            top = MountTable.topmost(canonical);
        }
    }

    private static void checkRegularFile(Path canonical, Path asGiven) {
        int errno = errnoOfStat(canonical);
        if (errno == REGULAR) {
            return;
        }
        if (errno == NOT_REGULAR) {
            throw new FuseMountException("'" + asGiven + "' is not a regular file");
        }
        throw new FuseMountException("Failed to stat '" + asGiven + "': " + Errno.text(errno));
    }

    private static final int REGULAR = 0;
    private static final int NOT_REGULAR = -1;

    /** The errno of stat(2), {@link #REGULAR} or {@link #NOT_REGULAR}. The thread that hangs, hangs for good. */
    static int errnoOfStat(Path path) {
        var result = new CompletableFuture<Integer>();
        var thread = new Thread(
                () -> {
                    try {
                        result.complete(FileStatus.of(path.toString()).isRegular() ? REGULAR : NOT_REGULAR);
                    } catch (PosixException e) {
                        result.complete(e.errno());
                    } catch (Throwable e) {
                        result.completeExceptionally(e);
                    }
                },
                "weir-stat");
        thread.setDaemon(true);
        thread.start();
        try {
            return result.get(STAT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new FuseMountException("'" + path + "' does not answer: its file system hangs", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new FuseMountException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }
}
