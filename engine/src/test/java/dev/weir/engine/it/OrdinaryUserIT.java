package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Without privileges: fusermount3 mounts and unmounts. */
@MountRequired(programs = {"fusermount3", "setpriv", "python3", "cat"})
class OrdinaryUserIT {
    private static final String[] AS_NOBODY = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"};
    private static final Path DEVICE = Path.of("/dev/fuse");

    @TempDir
    Path directory;

    private String deviceMode;
    private Path image;
    private Path mountpoint;

    @BeforeEach
    void giveAway() throws Exception {
        // Where there is no udev, only root may open the device.
        deviceMode = PosixFilePermissions.toString(Files.getPosixFilePermissions(DEVICE));
        Client.run("chmod", "0666", DEVICE.toString()).ok();
        image = Files.writeString(directory.resolve("disk.raw"), "image");
        mountpoint = directory.resolve("mnt.raw");
        Client.run("chown", "-R", "65534:65534", directory.toString()).ok();
    }

    @AfterEach
    void takeBack() throws Exception {
        Files.setPosixFilePermissions(DEVICE, PosixFilePermissions.fromString(deviceMode));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void mountsServesAndUnmounts(String ioThreads) {
        try (var export = start("--writable", "--iothreads", ioThreads)) {
            as(nobody("sh", "-c", "printf abcde >\"$1\"", "sh", mountpoint.toString()));
            assertThat(as(nobody("cat", export.mountpoint().toString()))).isEqualTo("abcde");
            assertThat(FuseMounts.at(mountpoint).options())
                    .contains("user_id=65534")
                    .doesNotContain("allow_other");
            // Not even root, unless the user lets others in.
            Client.run("cat", mountpoint.toString()).failed("Permission denied");
        }
        assertThat(image).content().isEqualTo("abcde");
        assertThat(mountpoint).doesNotExist();
    }

    @Test
    void aBusyMountIsTakenAwayToo() {
        Path opened = directory.resolve("opened");
        try (var export = start("--writable")) {
            var client = Client.start(nobody("python3", "-c", """
                    import mmap, os, sys, time
                    fd = os.open(sys.argv[1], os.O_RDWR)
                    memory = mmap.mmap(fd, 5, mmap.MAP_SHARED)
                    memory[0:5] = b"dirty"
                    open(sys.argv[2], "w").close()
                    time.sleep(60)
                    """, mountpoint.toString(), opened.toString()));
            ProcessStatus.await(opened);
            assertThat(export.stop()).isZero();
            assertThat(export.stderr()).isEmpty();
            assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
            client.kill().await(Duration.ofSeconds(5));
        }
        assertThat(image).content().isEqualTo("dirty");
    }

    @Test
    void theDeadMountOfAKilledExportIsTakenAway() throws Exception {
        Files.createFile(mountpoint);
        Client.run("chown", "65534:65534", mountpoint.toString()).ok();
        try (var killed = start("--writable")) {
            killed.kill();
            try (var next =
                    ExportProcess.of(image, mountpoint).prefix(AS_NOBODY).launch()) {
                assertThat(Client.shell("""
                                        for i in $(seq 200); do
                                            setpriv --reuid=65534 --regid=65534 --clear-groups cat $1 | grep image && exit
                                            sleep 0.05
                                        done 2>/dev/null
                                        exit 1
                                        """, mountpoint).text()).isEqualTo("image");
                assertThat(next.stop()).isZero();
                assertThat(next.stderr()).isEmpty();
            }
        }
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
    }

    @Test
    void othersAreLetInOnlyWhereThatIsPermitted() throws Exception {
        boolean permitted = Files.readAllLines(Path.of("/etc/fuse.conf")).contains("user_allow_other");
        if (permitted) {
            try (var export = start("--allow-other=on")) {
                assertThat(Client.run("cat", export.mountpoint().toString()).text())
                        .isEqualTo("image");
            }
            return;
        }
        assertRefused("--allow-other=on", "fusermount3: ", "user_allow_other", "/etc/fuse.conf");
    }

    @Test
    void aMountpointOfSomebodyElseIsRefused() throws Exception {
        Files.createFile(mountpoint);
        assertRefused("--allow-other=auto", "fusermount3: ", mountpoint.toString());
    }

    private void assertRefused(String option, String... words) {
        Client.Result result =
                ExportProcess.of(image, mountpoint, option).prefix(AS_NOBODY).run();
        assertThat(result.exit()).as(result.toString()).isEqualTo(1);
        assertThat(result.err()).startsWith("weir: ").contains(words).hasLineCount(1);
        assertThat(result.out()).isEmpty();
    }

    private ExportProcess start(String... options) {
        return ExportProcess.of(image, mountpoint, options).prefix(AS_NOBODY).start();
    }

    private static String[] nobody(String... command) {
        List<String> all = new ArrayList<>(Arrays.asList(AS_NOBODY));
        all.addAll(Arrays.asList(command));
        return all.toArray(String[]::new);
    }

    private static String as(String[] command) {
        return Client.run(command).text();
    }
}
