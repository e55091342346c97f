package dev.weir.fuse.device;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.posix.PosixProcess;
import dev.weir.posix.PosixSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * fusermount3, the set-user-id program of libfuse: it mounts and sends the descriptor back over the socket whose number
 * stands in {@code _FUSE_COMMFD}.
 */
final class FusermountMounter extends FuseMounter {
    private static final String PROGRAM = "fusermount3";

    /** The child's end of the socket; 0 to 2 are not accepted by newer versions. */
    private static final int COMM_FD = 3;

    private static final int STDERR = 2;
    private static final int NOT_FOUND = 127;

    private record Outcome(int status, String message, int descriptor) {}

    @Override
    FuseDevice attach(Path mountpoint, MountOptions options) {
        String list = (options.readOnly() ? "ro" : "rw") + ",nosuid,nodev,noatime,default_permissions,subtype="
                + MountOptions.SUBTYPE + ",fsname=" + escape(options.source()) + ",max_read=" + options.maxRead()
                + (options.allowOther() ? ",allow_other" : "");
        Outcome outcome = run(List.of(PROGRAM, "-o", list, "--", mountpoint.toString()), true, mountpoint.toString());
        if (outcome.descriptor < 0) {
            throw new FuseMountException(
                    outcome.message.isEmpty()
                            ? "cannot mount on '" + mountpoint + "': " + PROGRAM + " ended with " + outcome.status
                            : outcome.message);
        }
        try {
            return FuseDevice.of(outcome.descriptor);
        } catch (PosixException e) {
            close(outcome.descriptor);
            throw new FuseMountException("unusable descriptor from " + PROGRAM, e);
        }
    }

    @Override
    void unmount(String mountpoint, boolean lazy) throws PosixException {
        var command = new ArrayList<>(List.of(PROGRAM, "-u", "-q"));
        if (lazy) {
            command.add("-z");
        }
        command.add("--");
        command.add(mountpoint);
        if (run(command, false, mountpoint).status != 0) {
            // The program tells no errno; a lazy unmount is refused only for want of permission.
            throw new PosixException(lazy ? Errno.EPERM : Errno.EBUSY, PROGRAM + " -u");
        }
    }

    /** Only in these two options does fusermount3 decode escapes. */
    private static String escape(String value) {
        return value.replace("\\", "\\\\").replace(",", "\\,");
    }

    private static Outcome run(List<String> command, boolean receives, String mountpoint) {
        PosixSocket.@Nullable Pair comm = null;
        PosixSocket.@Nullable Pair errors = null;
        int descriptor = -1;
        try {
            comm = PosixSocket.streamPair();
            errors = PosixSocket.streamPair();
            Map<String, String> environment = new HashMap<>(System.getenv());
            environment.put("_FUSE_COMMFD", Integer.toString(COMM_FD));
            int pid = PosixProcess.spawn(command, environment, Map.of(STDERR, errors.second(), COMM_FD, comm.second()));
            comm = closeSecond(comm);
            errors = closeSecond(errors);
            descriptor = receives ? PosixSocket.receiveDescriptor(comm.first()) : -1;
            String message = readAll(errors.first());
            int status = waitFor(pid);
            return new Outcome(status, status == NOT_FOUND ? notInstalled() : message, descriptor);
        } catch (PosixException e) {
            close(descriptor);
            throw new FuseMountException(
                    e.errno() == Errno.ENOENT
                            ? notInstalled()
                            : "cannot run " + PROGRAM + " for '" + mountpoint + "': " + Errno.text(e.errno()),
                    e);
        } finally {
            close(comm);
            close(errors);
        }
    }

    private static int waitFor(int pid) {
        try {
            return PosixProcess.waitFor(pid);
        } catch (PosixException e) {
            // A program that ignores SIGCHLD never learns of it; whether there is a descriptor tells enough.
            return 0;
        }
    }

    private static String notInstalled() {
        return PROGRAM + " is not installed: it comes with the package fuse3, and only root can mount without it";
    }

    private static PosixSocket.Pair closeSecond(PosixSocket.Pair pair) throws PosixException {
        PosixFile.close(pair.second());
        return new PosixSocket.Pair(pair.first(), -1);
    }

    private static String readAll(int fd) throws PosixException {
        var text = new StringBuilder();
        ByteBuffer buffer = ByteBuffer.allocateDirect(1024);
        while (PosixFile.read(fd, buffer) > 0) {
            text.append(StandardCharsets.UTF_8.decode(buffer.flip()));
            buffer.clear();
        }
        return text.toString().strip().replace('\n', ' ');
    }

    private static void close(PosixSocket.@Nullable Pair pair) {
        if (pair != null) {
            close(pair.first());
            close(pair.second());
        }
    }

    private static void close(int fd) {
        if (fd >= 0) {
            try {
                PosixFile.close(fd);
            } catch (PosixException e) {
                throw new FuseMountException("cannot close a descriptor", e);
            }
        }
    }
}
