package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every way of reading shows the bytes of the image, whatever its length. */
@MountRequired(programs = {"cmp", "qemu-img", "python3"})
class ReadingIT {
    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void namePaths() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 511, 513, 4097, 1000003})
    void anImageOfAnyLength(int length) {
        random(length);
        try (var export = ExportProcess.start(image, mountpoint)) {
            Client.shell("cmp $1 $2; qemu-img compare -f raw -F raw $1 $2", image, mountpoint)
                    .ok();
            assertThat(Client.run("stat", "-c", "%s", mountpoint.toString()).number())
                    .isEqualTo(length);
            assertThat(Client.python("""
                                    fd = os.open(args[0], os.O_RDONLY)
                                    end = int(args[1])
                                    print(len(os.pread(fd, 100, end)), len(os.pread(fd, 100, end + 1)),
                                          len(os.pread(fd, 100, end - min(end, 7))), len(os.pread(fd, 1, 1 << 62)),
                                          os.lseek(fd, 0, os.SEEK_END))
                                    """, mountpoint, length).text())
                    .isEqualTo("0 0 " + Math.min(length, 7) + " 0 " + length);
        }
    }

    @ParameterizedTest
    @CsvSource({"--format=raw, ''", "--cache-direct, ''", "--cache-direct, iflag=direct", "--iothreads=2, iflag=direct"
    })
    void inRequestsOfAnySize(String option, String flags) {
        random(1_500_001);
        try (var export = ExportProcess.start(image, mountpoint, option)) {
            Client.shell("""
                            for size in 512 4096 65536 1M; do
                                dd if=$1 bs=$size $3 status=none | cmp - $2
                            done
                            dd if=$1 bs=1 skip=1234567 count=1000 $3 status=none | cmp -i 0:1234567 -n 1000 - $2
                            """, mountpoint, image, flags).ok();
        }
    }

    @Test
    void byMappingIt() {
        random(1_000_003);
        try (var export = ExportProcess.start(image, mountpoint)) {
            assertThat(Client.python("""
                                    fd = os.open(args[0], os.O_RDONLY)
                                    contents = open(args[1], "rb").read()
                                    for flags in (mmap.MAP_SHARED, mmap.MAP_PRIVATE):
                                        view = mmap.mmap(fd, 0, flags, mmap.PROT_READ)
                                        print(len(view), view[:] == contents)
                                    """, mountpoint, image).text()).isEqualTo("1000003 True\n1000003 True");
        }
    }

    @Test
    void bySendingAndCopyingItInTheKernel() {
        random(3_000_001);
        try (var export = ExportProcess.start(image, mountpoint)) {
            Client.shell("cp $1 $2; cmp $2 $3", mountpoint, directory.resolve("copy"), image)
                    .ok();
            assertThat(Client.python("""
                                    source = os.open(args[0], os.O_RDONLY)
                                    target = os.open(args[1], os.O_RDWR | os.O_CREAT)
                                    while os.sendfile(target, source, None, 1 << 20):
                                        pass
                                    print(open(args[1], "rb").read() == open(args[2], "rb").read())
                                    """, mountpoint, directory.resolve("sent"), image)
                            .text())
                    .isEqualTo("True");
        }
    }

    @Test
    void manyProcessesAtOnce() {
        random(4 << 20);
        try (var export = ExportProcess.start(image, mountpoint)) {
            Client.shell(
                            "seq 16 | xargs -P 16 -I{} sh -c 'cmp -i {}00001 $1 $2 && cat $1 | cmp - $2' sh $1 $2",
                            mountpoint,
                            image)
                    .ok();
        }
    }

    @Test
    void anImageThatIsNullReadsToItsEnd() {
        try (var export = ExportProcess.start("null-co:64M", mountpoint)) {
            Client.shell("test $(cat $1 | wc -c) = 67108864", mountpoint).ok();
        }
    }

    @Test
    void anImageInMemoryReadsAsZeroes() {
        try (var export = ExportProcess.start("memory:64M", mountpoint)) {
            Client.shell("cmp -n 67108864 $1 /dev/zero; test $(stat -c %s $1) = 67108864", mountpoint)
                    .ok();
        }
    }

    private void random(int length) {
        Client.shell("head -c $1 /dev/urandom >$2", length, image).ok();
    }
}
