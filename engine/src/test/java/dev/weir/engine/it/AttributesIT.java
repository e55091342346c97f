package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What stat(2) says of the file, and who may change it. */
@MountRequired(programs = {"setpriv", "python3"})
class AttributesIT {
    private static final String SOMEBODY = "setpriv --reuid=65534 --regid=65534 --clear-groups";

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.shell(
                        "head -c 1000003 /dev/urandom >$1; truncate -s 3000001 $1; sync $1; chmod 711 $2",
                        image,
                        directory)
                .ok();
    }

    @Test
    void sizeAndBlocksAreThoseOfTheImage() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(stat("%s %b %F %h"))
                    .isEqualTo(Client.run("stat", "-c", "%s %b %F %h", image.toString())
                            .text());
            assertThat(Long.parseLong(stat("%o"))).isGreaterThanOrEqualTo(4096);
            assertThat(stat("%u %g %a")).isEqualTo("0 0 600");

            Client.shell(
                            "dd if=/dev/urandom of=$1 bs=4096 seek=500 count=50 conv=notrunc,fsync status=none",
                            mountpoint)
                    .ok();
            assertThat(stat("%s %b"))
                    .isEqualTo(
                            Client.run("stat", "-c", "%s %b", image.toString()).text());
        }
    }

    @Test
    void timesStayUntilSomethingChanges() throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            String times = "%.9X %.9Y %.9Z";
            String before = stat(times);
            Client.run("cat", mountpoint.toString()).ok();
            // The kernel keeps attributes for a second.
            Thread.sleep(1100);
            assertThat(stat(times)).isEqualTo(before);

            Client.shell("printf x | dd of=$1 conv=notrunc status=none", mountpoint)
                    .ok();
            assertThat(stat("%.9Y")).isGreaterThan(before.split(" ")[1]);
            assertThat(stat("%.9X")).isEqualTo(before.split(" ")[0]);
        }
    }

    @Test
    void timesCanBeSet() throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            Client.shell("touch -d '2001-02-03 04:05:06.789 UTC' $1", mountpoint)
                    .ok();
            assertThat(stat("%.3X %.3Y")).isEqualTo("981173106.789 981173106.789");
            Client.shell("touch -a -d '1969-12-31 23:59:58 UTC' $1; touch -m -d '@4102444800' $1", mountpoint)
                    .ok();
            Thread.sleep(1100);
            assertThat(stat("%X %Y")).isEqualTo("-2 4102444800");
            Client.shell("touch -r $2 $1; cp -p $2 $1; touch $1", mountpoint, image)
                    .ok();
            assertThat(stat("%Y")).isGreaterThan("1600000000").isLessThan("4102444800");
        }
    }

    @Test
    void modeAndOwnerCanBeChangedWhereOthersMayUseIt() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--allow-other=on")) {
            Client.shell(SOMEBODY + " head -c 1 $1", mountpoint).failed("Permission denied");
            Client.run("chmod", "644", mountpoint.toString()).ok();
            assertThat(stat("%a")).isEqualTo("644");
            Client.shell(SOMEBODY + " cmp $1 $2", image, mountpoint).ok();
            Client.shell(SOMEBODY + " dd if=/dev/zero of=$1 count=1 conv=notrunc", mountpoint)
                    .failed("Permission denied");
            Client.shell(SOMEBODY + " chmod 666 $1", mountpoint).failed("Operation not permitted");

            Client.run("chown", "65534:65534", mountpoint.toString()).ok();
            assertThat(stat("%u %g")).isEqualTo("65534 65534");
            Client.shell(SOMEBODY + " dd if=/dev/zero of=$1 count=1 conv=notrunc", mountpoint)
                    .ok();
            Client.shell(SOMEBODY + " chmod 600 $1; " + SOMEBODY + " touch $1", mountpoint)
                    .ok();
            assertThat(stat("%a %F")).isEqualTo("600 regular file");
        }
    }

    @Test
    void aWriteBySomebodyElseTakesSetUserIdAway() throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--allow-other=on")) {
            Client.shell("chown 65534 $1; chmod 6777 $1", mountpoint).ok();
            assertThat(stat("%a")).isEqualTo("6777");
            Client.shell(SOMEBODY + " dd if=/dev/zero of=$1 count=1 conv=notrunc status=none", mountpoint)
                    .ok();
            // The kernel keeps the mode for a second.
            Thread.sleep(1100);
            assertThat(stat("%a")).isEqualTo("777");
        }
    }

    @Test
    void nothingIsPromisedToOthersWhereTheyMayNotUseIt() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--allow-other=off")) {
            Client.run("chmod", "640", mountpoint.toString()).failed("Operation not permitted");
            Client.run("chown", "65534", mountpoint.toString()).failed("Operation not permitted");
            Client.run("chown", "0:0", mountpoint.toString()).ok();
            Client.run("chmod", "400", mountpoint.toString()).ok();
            assertThat(stat("%a %u")).isEqualTo("400 0");
            Client.shell(SOMEBODY + " stat $1", mountpoint).failed("Permission denied");
            Client.shell(SOMEBODY + " head -c 1 $1", mountpoint).failed("Permission denied");
        }
    }

    @Test
    void theFileSystemHasItsSize() {
        try (var export = ExportProcess.start(image, mountpoint)) {
            assertThat(Client.python(
                                    "s = os.statvfs(args[0]); print(s.f_bsize >= 512, s.f_namemax, s.f_bfree, s.f_files)",
                                    mountpoint)
                            .text())
                    .startsWith("True 255 0");
            Client.run("df", mountpoint.toString()).ok();
            assertThat(Client.run("findmnt", "-no", "FSTYPE,SOURCE", mountpoint.toString())
                            .text())
                    .isEqualTo("fuse.weir " + image);
        }
    }

    private String stat(String format) {
        return Client.run("stat", "-c", format, mountpoint.toString()).text();
    }
}
