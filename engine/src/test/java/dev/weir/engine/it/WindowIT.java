package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Raw images that are a part of a file: {@code --offset} and {@code --size}. */
@MountRequired(programs = {"cmp", "python3"})
class WindowIT {
    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.shell("head -c 3000001 /dev/urandom >$1; cp $1 $1.before", image).ok();
    }

    @ParameterizedTest
    @CsvSource({
        "4096, 1M, --iothreads=1",
        "1M, 1M, --iothreads=1",
        "511, 513, --iothreads=1",
        "511, 1000003, --cache-direct",
        "4096, 8192, --cache-direct",
        "3000000, 1, --iothreads=1"
    })
    void showsThatPartAndNothingElse(String offset, String size, String option) {
        try (var export = ExportProcess.start(
                image, mountpoint, "--format=raw", "--writable", "--offset", offset, "--size", size, option)) {
            Client.shell("""
                            offset=$(numfmt --from=iec $3) size=$(numfmt --from=iec $4)
                            test $(stat -c %s $1) = $size
                            tail -c +$((offset + 1)) $2 | head -c $size | cmp - $1
                            head -c $size /dev/zero | tr '\\0' x >$2.x
                            dd if=$2.x of=$1 bs=1M conv=notrunc,fsync status=none
                            cmp $2.x $1
                            ! printf more >>$1
                            test $(stat -c %s $2) = 3000001
                            head -c $offset $2.before >$2.expected
                            cat $2.x >>$2.expected
                            tail -c +$((offset + size + 1)) $2.before >>$2.expected
                            cmp $2.expected $2
                            """, mountpoint, image, offset, size).ok();
        }
        Client.shell("cmp $1.expected $1", image).ok();
    }

    @Test
    void withoutASizeItReachesToTheEnd() {
        try (var export = ExportProcess.start(image, mountpoint, "--format=raw", "--offset", "1M")) {
            assertThat(Client.run("stat", "-c", "%s", mountpoint.toString()).number())
                    .isEqualTo(3_000_001 - (1 << 20));
            Client.shell("tail -c +1048577 $2 | cmp - $1", mountpoint, image).ok();
        }
    }

    @Test
    void aWindowOfFixedSizeDoesNotGrow() {
        try (var export = ExportProcess.start(
                image, mountpoint, "--format=raw", "--writable", "--growable", "--offset=4096", "--size=8192")) {
            assertThat(Client.python("""
                                    fd = os.open(args[0], os.O_RDWR)
                                    print(attempt(os.ftruncate, fd, 10000), attempt(os.pwrite, fd, b"x", 8192),
                                          attempt(os.pwrite, fd, b"xx", 8191), attempt(fallocate, fd, 0, 8000, 1000),
                                          os.fstat(fd).st_size)
                                    """, mountpoint).text()).isEqualTo("ENOTSUP ENOTSUP ENOTSUP ENOTSUP 8192");
        }
        Client.shell("cmp $1 $1.before", image).ok();
    }

    @Test
    void holesInTheWindowAreThoseOfTheFile() {
        Client.shell("fallocate -p -o 65536 -l 131072 $1", image).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--format=raw", "--offset=65000", "--size=1M")) {
            assertThat(Client.python("""
                                    fd = os.open(args[0], os.O_RDONLY)
                                    print(os.lseek(fd, 0, os.SEEK_HOLE), os.lseek(fd, 536, os.SEEK_DATA), os.lseek(fd, 200000, os.SEEK_HOLE))
                                    """, mountpoint).text()).isEqualTo("536 131608 1048576");
        }
    }
}
