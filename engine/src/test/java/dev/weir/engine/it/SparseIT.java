package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Holes: seen through the mount as they are in the image, and made through it. */
@MountRequired(programs = {"cmp", "python3", "qemu-img", "fallocate"})
class SparseIT {
    /** Prints where data and holes begin. */
    private static final String MAP = """
            for path in args:
                fd, at, marks = os.open(path, os.O_RDONLY), 0, []
                end = os.fstat(fd).st_size
                while at < end:
                    data = attempt(os.lseek, fd, at, os.SEEK_DATA)
                    if data == "ENXIO":
                        break
                    at = os.lseek(fd, data, os.SEEK_HOLE)
                    marks += [(data, at)]
                print(end, marks)
            """;

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
    @ValueSource(strings = {"--format=raw", "--cache-direct"})
    void dataAndHolesAreThoseOfTheImage(String option) {
        Client.shell("""
                        truncate -s 100000001 $1
                        for at in 0 3 4 100 1000 1001 1002 1300; do
                            dd if=/dev/urandom of=$1 bs=64k count=1 seek=$at conv=notrunc,fsync status=none
                        done
                        """, image).ok();
        try (var export = ExportProcess.start(image, mountpoint, option)) {
            var maps = Client.python(MAP, image, mountpoint).text().lines().toList();
            assertThat(maps.get(0)).contains("(6553600, 6619136), (65536000, 65732608)");
            assertThat(maps.get(1)).isEqualTo(maps.get(0));
            assertThat(Client.run("qemu-img", "map", "-U", "--output=json", "-f", "raw", mountpoint.toString())
                            .text())
                    .isEqualTo(Client.run("qemu-img", "map", "-U", "--output=json", "-f", "raw", image.toString())
                            .text());
        }
    }

    @ParameterizedTest
    @CsvSource({"0, '0 []'", "1000000, '1000000 []'"})
    void anImageWithoutData(long length, String map) {
        Client.run("truncate", "-s", Long.toString(length), image.toString()).ok();
        try (var export = ExportProcess.start(image, mountpoint)) {
            assertThat(Client.python(MAP, mountpoint).text()).isEqualTo(map);
            assertThat(Client.run("du", "-k", mountpoint.toString()).text()).startsWith("0\t");
        }
    }

    /** As with QEMU there is a hole at the end; some file systems answer ENXIO there. */
    @Test
    void seekingAtTheEndAndPastIt() {
        Client.shell("head -c 100001 /dev/urandom >$1", image).ok();
        try (var export = ExportProcess.start(image, mountpoint)) {
            assertThat(Client.python("""
                                    fd = os.open(args[0], os.O_RDONLY)
                                    for at in (0, 100000, 100001, 100002, 1 << 62, -1):
                                        print(attempt(os.lseek, fd, at, os.SEEK_DATA),
                                              attempt(os.lseek, fd, at, os.SEEK_HOLE))
                                    """, mountpoint).text()).isEqualTo("""
                            0 100001
                            100000 100001
                            ENXIO 100001
                            ENXIO ENXIO
                            ENXIO ENXIO
                            ENXIO ENXIO""");
        }
    }

    @Test
    void copiesStaySparse() {
        Path copy = directory.resolve("copy");
        Client.shell(
                        "truncate -s 100M $1; dd if=/dev/urandom of=$1 bs=1M count=3 seek=50 conv=notrunc status=none",
                        image)
                .ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--growable")) {
            for (String sparse : new String[] {"always", "auto"}) {
                Client.shell(
                                "rm -f $2; cp --sparse=$3 $1 $2; cmp $1 $2; test $(du -k $2 | cut -f1) -le 4096",
                                mountpoint,
                                copy,
                                sparse)
                        .ok();
            }
            Client.shell(
                            "rm $2; qemu-img convert -f raw -O raw $1 $2; test $(du -k $2 | cut -f1) -le 4096",
                            mountpoint,
                            copy)
                    .ok();
            // And in: cp truncates, then seeks over the holes.
            Client.shell(
                            "cp --sparse=always $2 $1; sync $1; cmp $1 $2; test $(du -k $1 | cut -f1) -le 4096",
                            mountpoint,
                            copy)
                    .ok();
        }
        Client.shell("cmp $1 $2; test $(du -k $1 | cut -f1) -le 4096", image, copy)
                .ok();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--format=raw", "--cache-direct"})
    void punchingAHoleGivesSpaceBack(String option) {
        Client.shell("head -c 8388609 /dev/urandom >$1; sync $1", image).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable", option)) {
            Client.shell(
                            """
                            before=$(stat -c %b $1)
                            fallocate -p -o 1000 -l 4M $1
                            test $((before - $(stat -c %b $1))) -ge 8176
                            cmp -i 1000:0 -n 4194304 $1 /dev/zero
                            cmp -n 1000 $1 $2
                            cmp -i 4195304 $1 $2
                            fallocate -p -o 8388608 -l 1 $1
                            test $(stat -c %s $1) = 8388609
                            fallocate -p -o 8380000 -l 1M $1
                            test $(stat -c %s $1) = 8388609
                            cmp -i 8380000:0 -n 8609 $1 /dev/zero
                            """,
                            mountpoint,
                            Client.shell("cp $1 $1.before; echo $1.before", image)
                                    .text())
                    .ok();
        }
        Client.shell("cmp -i 1000:0 -n 4194304 $1 /dev/zero; cmp -i 4195304 -n 4184696 $1 $1.before", image)
                .ok();
    }

    @Test
    void withoutUnmapAHoleReadsAsZeroesAndKeepsItsSpace() {
        Client.shell("head -c 4M /dev/urandom >$1; sync $1", image).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--discard=ignore")) {
            Client.shell("fallocate -p -o 0 -l 4M $1; cmp -n 4194304 $1 /dev/zero; sync $1", mountpoint)
                    .ok();
        }
        Client.shell("test $(du -k $1 | cut -f1) -ge 4096", image).ok();
    }

    @Test
    void zeroingARangeKeepsItsSpace() {
        Client.shell("head -c 4M /dev/urandom >$1; sync $1", image).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            Client.shell("fallocate -z -o 1 -l 4194302 $1; cmp -i 1:0 -n 4194302 $1 /dev/zero; sync $1", mountpoint)
                    .ok();
        }
        Client.shell("test $(du -k $1 | cut -f1) -ge 4096; ! cmp -n 1 $1 /dev/zero", image);
    }

    @Test
    void whatCannotBeDoneToAnImageIsRefused() {
        Client.shell("head -c 4M /dev/urandom >$1; cp $1 $1.before", image).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--growable")) {
            Client.shell("fallocate -c -o 0 -l 1M $1", mountpoint).failed("not supported");
            Client.shell("fallocate -i -o 0 -l 1M $1", mountpoint).failed("not supported");
        }
        Client.shell("cmp $1 $1.before", image).ok();
    }

    @Test
    void diggingHolesWhereThereAreZeroes() {
        Client.shell("head -c 2M /dev/urandom >$1; head -c 6M /dev/zero >>$1; sync $1", image)
                .ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            Client.shell(
                            "cp $2 $2.before; fallocate -d $1; cmp $1 $2.before; test $(du -k $1 | cut -f1) -le 2100",
                            mountpoint,
                            image)
                    .ok();
        }
    }

    @ParameterizedTest
    @CsvSource({"off, 4096, 9000", "on, 4096, 9000", "unmap, 0, 2100"})
    void writesOfZeroesTakeNoSpaceWhereTheyAreDetected(String detect, int least, int most) {
        Client.shell("head -c 4M /dev/urandom >$1; sync $1", image).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--detect-zeroes=" + detect)) {
            Client.shell(
                            "dd if=/dev/zero of=$1 bs=1M count=4 conv=notrunc,fsync status=none;"
                                    + "cmp -n 4194304 $1 /dev/zero",
                            mountpoint)
                    .ok();
        }
        assertThat(Client.shell("du -k $1 | cut -f1", image).number()).isBetween((long) least, (long) most);
    }

    @Test
    void anImageInMemoryHasHoles() {
        try (var export = ExportProcess.start("memory:64M", mountpoint, "--writable")) {
            Client.shell("dd if=/dev/urandom of=$1 bs=64k count=2 seek=16 conv=notrunc status=none", mountpoint)
                    .ok();
            assertThat(Client.python(MAP, mountpoint).text()).isEqualTo("67108864 [(1048576, 1179648)]");
            Client.shell(
                            "test $(du -k $1 | cut -f1) = 128; fallocate -p -o 1M -l 64k $1; test $(du -k $1 | cut -f1) = 64",
                            mountpoint)
                    .ok();
        }
    }
}
