package dev.weir.fuse.device;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixMount;
import dev.weir.posix.PosixProcess;
import java.nio.file.Path;

/** mount(2): needs CAP_SYS_ADMIN. */
final class DirectMounter extends FuseMounter {
    @Override
    FuseDevice attach(Path mountpoint, MountOptions options) {
        FuseDevice device = FuseDevice.open();
        try {
            // The kernel's parameters (fs/fuse/inode.c); rootmode is S_IFREG in octal.
            String data = "fd=" + device.descriptor().intValue() + ",rootmode=100000,user_id=" + PosixProcess.uid()
                    + ",group_id=" + PosixProcess.gid() + ",default_permissions"
                    + (options.allowOther() ? ",allow_other" : "") + ",max_read=" + options.maxRead();
            long flags = PosixMount.MS_NOSUID
                    | PosixMount.MS_NODEV
                    | PosixMount.MS_NOATIME
                    | (options.readOnly() ? PosixMount.MS_RDONLY : 0);
            PosixMount.mount(options.source(), mountpoint.toString(), "fuse." + MountOptions.SUBTYPE, flags, data);
            return device;
        } catch (PosixException e) {
            device.close();
            throw switch (e.errno()) {
                case Errno.EPERM, Errno.EACCES ->
                    new FuseMountException(
                            "no right to mount on '" + mountpoint + "': mount(2) needs CAP_SYS_ADMIN", e);
                case Errno.ENODEV -> new FuseMountException("the kernel has no FUSE: load the module fuse", e);
                default -> new FuseMountException("cannot mount on '" + mountpoint + "': " + Errno.text(e.errno()), e);
            };
        }
    }

    @Override
    void unmount(String mountpoint, boolean lazy) throws PosixException {
        PosixMount.unmount(mountpoint, PosixMount.UMOUNT_NOFOLLOW | (lazy ? PosixMount.MNT_DETACH : 0));
    }
}
