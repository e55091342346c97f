package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that change their size. */
@MountRequired(programs = {"cmp", "python3", "fio"})
class GrowingIT {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"--format=raw", "--cache-direct", "--iothreads=2"})
    void appendingByteByByte(String option) {
        Path image = image(0);
        try (var export = growable(image, option)) {
            assertThat(Client.python("""
                                    fd = os.open(args[0], os.O_WRONLY | os.O_APPEND)
                                    for i in range(1030):
                                        assert os.write(fd, bytes([i % 251])) == 1
                                        assert os.fstat(fd).st_size == i + 1
                                    os.close(fd)
                                    print(open(args[0], "rb").read() == bytes(i % 251 for i in range(1030)))
                                    """, export.mountpoint()).text()).isEqualTo("True");
        }
        assertThat(size(image)).isEqualTo(1030);
    }

    @Test
    void processesThatAppendAtOnceLoseNothing() {
        Path image = image(3);
        try (var export = growable(image, "--iothreads=2")) {
            Client.shell("""
                            seq 8 | xargs -P 8 -I{} sh -c 'for i in $(seq 40); do echo writer {} >>$1; done' sh $1
                            test $(tail -c +4 $1 | sort | uniq -c | grep -c "^ *40 writer") = 8
                            """, export.mountpoint()).ok();
        }
        assertThat(size(image)).isEqualTo(3 + 8 * 40 * "writer 1\n".length());
    }

    @Test
    void aWritePastTheEndLeavesZeroesBetween() {
        Path image = image(1000);
        try (var export = growable(image, "--cache-direct")) {
            assertThat(Client.python("""
                                    fd = os.open(args[0], os.O_RDWR)
                                    print(os.pwrite(fd, b"far", 3 << 20), os.fstat(fd).st_size)
                                    print(os.pread(fd, 4 << 20, 1000) == bytes((3 << 20) - 1000) + b"far")
                                    print(attempt(os.pwrite, fd, b"x", (1 << 63) - 2))
                                    """, export.mountpoint()).text()).isEqualTo("3 3145731\nTrue\nEFBIG");
        }
        assertThat(size(image)).isEqualTo((3 << 20) + 3);
    }

    @Test
    void openingWithTruncationEmptiesIt() {
        Path image = image(1_000_003);
        try (var export = growable(image, "--format=raw")) {
            Client.shell(": >$1; test $(stat -c %s $1) = 0; echo new >$1", export.mountpoint())
                    .ok();
        }
        assertThat(image).content().isEqualTo("new\n");
    }

    @Test
    void copyingAFileOntoItGivesItThatSize() {
        Path image = image(1_000_003);
        Path file = directory.resolve("file");
        try (var export = growable(image, "--format=raw")) {
            Client.shell("""
                            for size in 3000001 17 0 2000000; do
                                head -c $size /dev/urandom >$2
                                cp $2 $1
                                cmp $1 $2
                            done
                            """, export.mountpoint(), file).ok();
        }
        Client.run("cmp", image.toString(), file.toString()).ok();
    }

    /** As with QEMU: what is not growable by writes is so by truncate and fallocate. */
    @ParameterizedTest
    @ValueSource(strings = {"--format=raw", "--growable", "--cache-direct"})
    void truncateGrowsAndShrinksWhetherGrowableOrNot(String option) {
        Path image = image(10_000);
        try (var export = ExportProcess.start(image, mountpoint(), "--writable", option)) {
            for (int size : new int[] {20_000, 20_001, 1_000_003, 513, 1, 0, 4096}) {
                Client.shell("truncate -s $2 $1; test $(stat -c %s $1) = $2", export.mountpoint(), size)
                        .ok();
                assertThat(size(image)).isEqualTo(size);
            }
            Client.shell("cmp -n 4096 $1 /dev/zero", export.mountpoint()).ok();
        }
        assertThat(size(image)).isEqualTo(4096);
    }

    @Test
    void whatWasCutOffDoesNotComeBack() {
        Path image = image(10_000);
        try (var export = ExportProcess.start(image, mountpoint(), "--writable", "--cache-direct")) {
            Client.shell(
                            "truncate -s 5001 $1; truncate -s 20000 $1; tail -c +5002 $1 | cmp -n 14999 - /dev/zero",
                            export.mountpoint())
                    .ok();
        }
        Client.shell("tail -c +5002 $1 | cmp -n 14999 - /dev/zero", image).ok();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--format=raw", "--growable"})
    void fallocatePastTheEndGrowsIt(String option) {
        Path image = image(10_000);
        try (var export = ExportProcess.start(image, mountpoint(), "--writable", option)) {
            Client.shell("""
                            fallocate -o 9999 -l 100002 $1
                            test $(stat -c %s $1) = 110001
                            test $(($(stat -c %b $1) * 512)) -ge 98304
                            fallocate -z -o 110000 -l 5 $1
                            test $(stat -c %s $1) = 110005
                            fallocate -n -o 0 -l 1M $1
                            fallocate -z -n -o 110000 -l 1M $1
                            fallocate -p -o 1M -l 1M $1
                            test $(stat -c %s $1) = 110005
                            tail -c +10001 $1 | cmp -n 100005 - /dev/zero
                            """, export.mountpoint()).ok();
        }
        assertThat(size(image)).isEqualTo(110_005);
    }

    @Test
    void anImageInMemoryGrows() {
        try (var export = ExportProcess.start("memory:1M", mountpoint(), "--writable", "--growable")) {
            Client.shell("""
                            head -c 3000001 /dev/urandom >$2
                            cp $2 $1
                            cmp $1 $2
                            truncate -s 1000 $1
                            truncate -s 2000 $1
                            cmp -n 1000 $1 $2
                            tail -c 1000 $1 | cmp -n 1000 - /dev/zero
                            """, export.mountpoint(), directory.resolve("file")).ok();
        }
    }

    /** The kernel lets asynchronous requests and truncation happen at once. */
    @Test
    void requestsInFlightMeetAnImageThatShrinks() {
        Path image = image(16 << 20);
        try (var export = growable(image, "--iothreads=2")) {
            Client truncating = Client.startShell(
                    "for i in $(seq 300); do truncate -s $(((i * 7919 % 32768) * 512)) $1; done", export.mountpoint());
            Client.run(
                            "fio",
                            "--name=transfer",
                            "--filename=" + export.mountpoint(),
                            "--ioengine=libaio",
                            "--direct=1",
                            "--bs=64k",
                            "--iodepth=32",
                            "--numjobs=2",
                            "--rw=randrw",
                            "--filesize=16m",
                            "--create_on_open=1",
                            "--time_based",
                            "--runtime=3")
                    .ok();
            truncating.await(Duration.ofSeconds(30)).ok();
        }
    }

    private Path mountpoint() {
        return directory.resolve("mnt.raw");
    }

    private ExportProcess growable(Path image, String option) {
        return ExportProcess.start(image, mountpoint(), "--writable", "--growable", option);
    }

    private static long size(Path image) {
        return Client.run("stat", "-c", "%s", image.toString()).number();
    }

    private Path image(int length) {
        Path image = directory.resolve("disk.raw");
        Client.shell("head -c $1 /dev/urandom >$2", length, image).ok();
        return image;
    }
}
