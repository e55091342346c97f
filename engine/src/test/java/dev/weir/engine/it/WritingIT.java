package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written to an image of fixed size, and what is not. */
@MountRequired(programs = {"cmp", "python3", "qemu-img", "qemu-io"})
class WritingIT {
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
    @CsvSource({
        "disk.raw, --format=raw",
        "disk.raw, --cache-direct",
        "disk.raw, --iothreads=2",
        "disk.raw, --writethrough",
        "memory:600001, --format=raw"
    })
    void inRequestsOfAnySize(String name, String option) {
        random(600_001);
        Object exported = name.equals("disk.raw") ? image : name;
        try (var export = ExportProcess.start(exported, mountpoint, "--writable", option)) {
            Client.shell("""
                            for size in 512 4096 65536 1M; do
                                for flags in "" oflag=direct conv=fsync; do
                                    head -c 600001 /dev/urandom >$2
                                    dd if=$2 of=$1 bs=$size conv=notrunc $flags status=none
                                    cmp $1 $2
                                done
                            done
                            """, mountpoint, directory.resolve("expected")).ok();
        }
        if (exported == image) {
            Client.run("cmp", image.toString(), directory.resolve("expected").toString())
                    .ok();
        }
    }

    @Test
    void bytesBesideTheWrittenOnesStay() {
        Path expected = directory.resolve("expected");
        random(1_000_003);
        Client.shell("cp $1 $2", image, expected).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--cache-direct")) {
            for (Path file : new Path[] {expected, mountpoint}) {
                Client.shell("""
                                printf abc | dd of=$1 bs=1 seek=0 conv=notrunc status=none
                                printf abc | dd of=$1 bs=3 seek=170 conv=notrunc status=none
                                printf abc | dd of=$1 bs=3 seek=333000 conv=notrunc status=none
                                printf abc | dd of=$1 bs=1 seek=1000000 conv=notrunc status=none
                                """, file).ok();
            }
            Client.run("cmp", expected.toString(), mountpoint.toString()).ok();
        }
        Client.run("cmp", expected.toString(), image.toString()).ok();
    }

    /** Where the image has sectors, each byte is read, changed and written with those around it. */
    @ParameterizedTest
    @ValueSource(strings = {"--format=raw", "--cache-direct", "--iothreads=2"})
    void processesThatWriteBytesBesideEachOtherLoseNothing(String option) {
        random(10_003);
        try (var export = ExportProcess.start(image, mountpoint, "--writable", option)) {
            assertThat(Client.python("""
                                    writers = 6
                                    for writer in range(writers):
                                        if os.fork() == 0:
                                            fd = os.open(args[0], os.O_RDWR)
                                            for at in range(writer, 1500, writers):
                                                assert os.pwrite(fd, bytes([writer]), at) == 1
                                                assert os.pwrite(fd, bytes([writer]), 8503 + at) == 1
                                                if at % 10 == 0:
                                                    os.fsync(fd)
                                            os._exit(0)
                                    ended = [os.wait()[1] for writer in range(writers)]
                                    data = open(args[0], "rb").read()
                                    expected = bytes(at % writers for at in range(1500))
                                    print(ended, data[:1500] == expected, data[8503:] == expected)
                                    """, mountpoint).text()).isEqualTo("[0, 0, 0, 0, 0, 0] True True");
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--format=raw", "--cache-direct"})
    void endsAtTheEndOfTheImage(String option) {
        random(1_000_003);
        try (var export = ExportProcess.start(image, mountpoint, "--writable", option)) {
            assertThat(Client.python("""
                                    end = 1000003
                                    for flags in (0, os.O_DIRECT):
                                        fd = os.open(args[0], os.O_RDWR | flags)
                                        print(attempt(os.pwrite, fd, b"x", end),
                                              attempt(os.pwrite, fd, b"x", end + 1),
                                              attempt(os.pwrite, fd, b"x", 1 << 50),
                                              attempt(os.pwrite, fd, b"", end + 1),
                                              attempt(os.pwrite, fd, b"tail-and-more", end - 4),
                                              attempt(os.pwrite, fd, b"x" * 3000000, end - 10),
                                              attempt(os.pwrite, fd, bytes(3000000), 3))
                                    appender = os.open(args[0], os.O_WRONLY | os.O_APPEND)
                                    print(attempt(os.write, appender, b"x"), os.fstat(appender).st_size)
                                    """, mountpoint).text()).isEqualTo("""
                            ENOSPC ENOSPC ENOSPC 0 4 10 1000000
                            ENOSPC ENOSPC ENOSPC 0 4 10 1000000
                            ENOSPC 1000003""");
            Client.shell("head -c 2000000 /dev/zero | dd of=$1 bs=65536 conv=notrunc", mountpoint)
                    .failed("No space left on device");
        }
        assertThat(Client.run("stat", "-c", "%s", image.toString()).number()).isEqualTo(1_000_003);
    }

    @Test
    void copyingAFileOntoItKeepsItsSize() {
        Path file = directory.resolve("file");
        random(1_000_003);
        Client.shell("head -c 1000003 /dev/urandom >$1", file).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            // cp and the shell open with O_TRUNC.
            Client.shell("cp $1 $2; cmp $1 $2; : >$2; cmp $1 $2; printf 1 >$2", file, mountpoint)
                    .ok();
            Client.shell("head -c 1000004 /dev/urandom >$1; cp $1 $2", file, mountpoint)
                    .failed("No space left on device");
        }
        assertThat(Client.run("stat", "-c", "%s", image.toString()).number()).isEqualTo(1_000_003);
    }

    @Test
    void qemuConvertsAnImageIntoIt() {
        Path source = directory.resolve("source.qcow2");
        Client.shell("truncate -s 8M $1", image).ok();
        Client.shell("""
                        qemu-img create -q -f qcow2 $1 8M
                        qemu-io -c 'write -P 17 1M 3M' -c 'write -P 18 7654321 1000' -c 'write -z 2M 64k' $1
                        """, source).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--format=raw")) {
            for (String cache : new String[] {"none", "writeback", "writethrough"}) {
                Client.shell(
                                "head -c 8M /dev/urandom | dd of=$1 bs=1M conv=notrunc iflag=fullblock status=none",
                                mountpoint)
                        .ok();
                Client.shell("qemu-img convert -n -t $3 -f qcow2 -O raw $1 $2", source, mountpoint, cache)
                        .ok();
                Client.shell("qemu-img compare -f qcow2 -F raw $1 $2", source, mountpoint)
                        .ok();
            }
        }
        Client.shell("qemu-img compare -f qcow2 -F raw $1 $2", source, image).ok();
    }

    @Test
    void whatWasSyncedIsInTheImageAtOnce() {
        random(1 << 20);
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(Client.python("""
                                    for sync in (os.fsync, os.fdatasync):
                                        fd = os.open(args[0], os.O_RDWR)
                                        os.pwrite(fd, b"synced by " + sync.__name__.encode(), 5000)
                                        sync(fd)
                                        print(os.pread(os.open(args[1], os.O_RDONLY), 15, 5000))
                                    fd = os.open(args[0], os.O_RDWR | os.O_SYNC)
                                    print(os.pwrite(fd, b"written with O_SYNC", 5000))
                                    print(os.pread(os.open(args[1], os.O_RDONLY), 19, 5000))
                                    """, mountpoint, image).text()).isEqualTo("""
                            b'synced by fsync'
                            b'synced by fdata'
                            19
                            b'written with O_SYNC'""");
        }
    }

    @Test
    void anImageThatIsNullTakesAndForgets() {
        try (var export = ExportProcess.start("null-co:64M", mountpoint, "--writable")) {
            Client.shell("dd if=/dev/urandom of=$1 bs=1M count=64 conv=notrunc,fsync status=none", mountpoint)
                    .ok();
            Client.shell("truncate -s 65M $1", mountpoint).failed("not supported");
        }
    }

    @Test
    void theFirstSectorCannotBecomeTheHeaderOfAnotherFormat() {
        random(1 << 20);
        Path file = directory.resolve("image.qcow2");
        Client.run("qemu-img", "create", "-q", "-f", "qcow2", file.toString(), "1M")
                .ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            Client.shell("dd if=$1 of=$2 bs=4096 conv=notrunc", file, mountpoint)
                    .failed("Operation not permitted");
            assertThat(export.stop()).isZero();
            assertThat(export.stderr())
                    .hasLineCount(1)
                    .contains("Writing the magic number of format 'qcow2'")
                    .contains("specify the format 'raw' to allow it");
        }
        assertThat(Client.run("qemu-img", "info", image.toString()).text()).contains("file format: raw");

        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--format=raw")) {
            Client.shell("dd if=$1 of=$2 bs=4096 conv=notrunc", file, mountpoint)
                    .ok();
        }
    }

    private void random(int length) {
        Client.shell("head -c $1 /dev/urandom >$2", length, image).ok();
    }
}
