package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Calls that a file on a disk knows and an image does not have, or that the kernel does without asking. */
@MountRequired(programs = {"cmp", "flock", "python3"})
class OtherCallsIT {
    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.shell("head -c 1000003 /dev/urandom >$1", image).ok();
    }

    @Test
    void extendedAttributesAreNotSupported() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(Client.python("""
                                    for again in range(2):
                                        print(attempt(os.setxattr, args[0], "user.a", b"b"),
                                              attempt(os.getxattr, args[0], "user.a"),
                                              attempt(os.getxattr, args[0], "security.capability"),
                                              attempt(os.listxattr, args[0]),
                                              attempt(os.removexattr, args[0], "user.a"))
                                    """, mountpoint).text().lines().distinct())
                    .containsExactly("ENOTSUP ENOTSUP ENOTSUP ENOTSUP ENOTSUP");
        }
    }

    @Test
    void itIsNoBlockDevice() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(Client.python("""
                                    BLKGETSIZE64, BLKDISCARD, FS_IOC_GETFLAGS, FICLONE = 0x80081272, 0x1277, 0x80086601, 0x40049409
                                    fd = os.open(args[0], os.O_RDWR)
                                    print(attempt(fcntl.ioctl, fd, BLKGETSIZE64, bytes(8)),
                                          attempt(fcntl.ioctl, fd, BLKDISCARD, bytes(16)),
                                          attempt(fcntl.ioctl, fd, FS_IOC_GETFLAGS, bytes(8)))
                                    print(attempt(fcntl.ioctl, fd, FICLONE, os.open(args[1], os.O_RDONLY)) in ("EXDEV", "ENOTSUP"))
                                    """, mountpoint, image).text()).isEqualTo("ENOTTY ENOTTY ENOTTY\nTrue");
        }
    }

    @Test
    void rangesCanBeCopiedByTheKernel() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(Client.python("""
                                    fd = os.open(args[0], os.O_RDWR)
                                    whole = os.pread(fd, 2000000, 0)
                                    print(os.copy_file_range(fd, fd, 100000, 10, 500000))
                                    print(os.pread(fd, 2000000, 0) == whole[:500000] + whole[10:100010] + whole[600000:])
                                    """, mountpoint).text()).isEqualTo("100000\nTrue");
        }
    }

    @Test
    void locksHoldBetweenProcesses() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            Client.shell("flock $1 sh -c '! flock -n $1 true && flock -n $2 true' sh $1 $2", mountpoint, image)
                    .ok();
            assertThat(Client.python("""
                                    import subprocess
                                    TRY = "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB, 10, 5)"
                                    fd = os.open(args[0], os.O_RDWR)
                                    fcntl.lockf(fd, fcntl.LOCK_EX, 10, 0)
                                    print(subprocess.run([sys.executable, "-c", TRY, args[0]], capture_output=True).returncode)
                                    fcntl.lockf(fd, fcntl.LOCK_UN, 10, 0)
                                    print(subprocess.run([sys.executable, "-c", TRY, args[0]], capture_output=True).returncode)
                                    """, mountpoint).text()).isEqualTo("1\n0");
        }
    }

    @Test
    void theNameStays() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(Client.python("""
                                    print(attempt(os.unlink, args[0]), attempt(os.rename, args[0], args[0] + ".new"),
                                          attempt(os.link, args[0], args[0] + ".link"), attempt(os.listdir, args[0]),
                                          attempt(os.stat, args[0] + "/below"))
                                    """, mountpoint).text()).isEqualTo("EBUSY EBUSY EXDEV ENOTDIR ENOTDIR");
        }
    }

    @Test
    void asynchronousAndPolledFilesAreReady() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(Client.python("""
                                    import select
                                    fd = os.open(args[0], os.O_RDWR | os.O_NONBLOCK)
                                    poll = select.poll()
                                    poll.register(fd, select.POLLIN | select.POLLOUT)
                                    print(poll.poll(1000)[0][1] == select.POLLIN | select.POLLOUT)
                                    print(len(os.pread(fd, 10, 0)))
                                    print(os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_WILLNEED), os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED))
                                    print(check(libc.sync_file_range(fd, 0, 0, 7)), check(libc.syncfs(fd)), attempt(os.access, args[0], os.X_OK))
                                    """, mountpoint).text()).isEqualTo("True\n10\nNone None\n0 0 False");
        }
    }
}
