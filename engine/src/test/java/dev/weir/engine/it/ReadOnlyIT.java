package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An export without {@code --writable}. */
@MountRequired(programs = "python3")
class ReadOnlyIT {
    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() throws Exception {
        image = Files.writeString(directory.resolve("disk.raw"), "contents");
        mountpoint = directory.resolve("mnt.raw");
    }

    @Test
    void refusesEveryChange() {
        try (var export = ExportProcess.start(image, mountpoint)) {
            assertThat(Client.python("""
                                    path = args[0]
                                    for flags in (os.O_RDWR, os.O_WRONLY, os.O_RDONLY | os.O_TRUNC, os.O_WRONLY | os.O_APPEND):
                                        print(attempt(os.open, path, flags))
                                    print(attempt(os.chmod, path, 0o600), attempt(os.chmod, path, 0o400),
                                          attempt(os.chown, path, 0, 0), attempt(os.utime, path),
                                          attempt(os.truncate, path, 0), attempt(os.truncate, path, 100),
                                          attempt(os.setxattr, path, "user.a", b"b"))
                                    fd = os.open(path, os.O_RDONLY)
                                    print(attempt(os.write, fd, b"x"), attempt(os.ftruncate, fd, 0),
                                          attempt(fallocate, fd, 0, 0, 1))
                                    print(attempt(mmap.mmap, fd, 8, mmap.MAP_SHARED, mmap.PROT_WRITE))
                                    """, mountpoint).text()).isEqualTo("""
                            EROFS
                            EROFS
                            EROFS
                            EROFS
                            EROFS EROFS EROFS EROFS EROFS EROFS EROFS
                            EBADF EINVAL EBADF
                            EACCES""");
        }
        assertThat(image).content().isEqualTo("contents");
    }

    @Test
    void isReadAsAnyFile() {
        try (var export = ExportProcess.start(image, mountpoint)) {
            assertThat(Client.python("""
                                    path = args[0]
                                    fd = os.open(path, os.O_RDONLY)
                                    print(os.read(fd, 100), os.fsync(fd), os.fdatasync(fd), oct(os.fstat(fd).st_mode))
                                    print(mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)[:])
                                    private = mmap.mmap(fd, 0, mmap.MAP_PRIVATE)
                                    private[:4] = b"mine"
                                    print(private[:], os.pread(fd, 100, 0))
                                    """, mountpoint).text()).isEqualTo("""
                            b'contents' None None 0o100400
                            b'contents'
                            b'mineents' b'contents'""");
            assertThat(FuseMounts.watched())
                    .allSatisfy(mount -> assertThat(mount.options()).contains("ro,nosuid,nodev,noatime"));
        }
    }

    @Test
    void anImageThatCannotBeWrittenCanBeRead() {
        Client.run("chmod", "444", image.toString()).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--read-only")) {
            assertThat(Client.run("cat", mountpoint.toString()).text()).isEqualTo("contents");
        }
    }
}
