package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An image of 8 TiB without data: what is small in it must be quick. */
@MountRequired(programs = {"python3", "qemu-img"})
class HugeImageIT {
    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.shell("truncate -s 8T $1; printf begin | dd of=$1 conv=notrunc status=none", image)
                .ok();
    }

    @Test
    void isReadAndWrittenNearItsEnd() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(Client.python("""
                                    end = 8 << 40
                                    fd = os.open(args[0], os.O_RDWR)
                                    print(os.fstat(fd).st_size == end)
                                    print(os.pwrite(fd, b"the last bytes", end - 14), os.pread(fd, 20, end - 14))
                                    print(os.pwrite(fd, b"across", end - 3), attempt(os.pwrite, fd, b"x", end))
                                    print(os.pwrite(fd, b"middle", (4 << 40) + 1), os.pread(fd, 8, 4 << 40))
                                    print(os.pread(fd, 1 << 20, (6 << 40) - 1) == bytes(1 << 20))
                                    os.fsync(fd)
                                    print((4 << 40) - os.lseek(fd, 4096, os.SEEK_DATA) in range(4096))
                                    print(end - os.lseek(fd, 5 << 40, os.SEEK_DATA) in range(1, 65537))
                                    print(fallocate(fd, 3, 4096, end - 8192), os.lseek(fd, 4096, os.SEEK_DATA) == end - 4096)
                                    """, mountpoint).text()).isEqualTo("""
                            True
                            14 b'the last bytes'
                            3 ENOSPC
                            6 b'\\x00middle\\x00'
                            True
                            True
                            True
                            0 True""");
        }
        Client.shell("test $(stat -c %s $1) = 8796093022208; test $(du -k $1 | cut -f1) -le 64; tail -c 3 $1", image)
                .ok();
    }

    @Test
    void growsAndShrinks() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--growable")) {
            Client.shell("""
                            printf tail >>$1
                            test $(stat -c %s $1) = 8796093022212
                            test $(tail -c 4 $1) = tail
                            truncate -s 8796093022209 $1
                            test $(tail -c 1 $1) = t
                            truncate -s 5 $1
                            test $(cat $1) = begin
                            truncate -s 4T $1
                            """, mountpoint).ok();
        }
        assertThat(Client.run("stat", "-c", "%s", image.toString()).number()).isEqualTo(4L << 40);
    }

    @Test
    void isComparedAndCopiedWithoutReadingItsHoles() {
        Path copy = directory.resolve("copy");
        try (var export = ExportProcess.start(image, mountpoint)) {
            Client.shell("qemu-img compare -U -f raw -F raw $1 $2", image, mountpoint)
                    .ok();
            Client.shell("cp $1 $2; test $(stat -c %s $2) = 8796093022208; head -c 5 $2 | grep begin", mountpoint, copy)
                    .ok();
        }
    }

    @Test
    void aDeviceInMemoryMayBeAsLong() {
        try (var export = ExportProcess.start("memory:8T", mountpoint, "--writable")) {
            Client.shell("""
                            printf far | dd of=$1 bs=4096 seek=2147483647 conv=notrunc status=none
                            test "$(tail -c 4096 $1 | head -c 3)" = far
                            """, mountpoint).ok();
        }
    }
}
