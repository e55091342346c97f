package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The process is killed and leaves its mount behind, dead; the next one finds it. */
@MountRequired(programs = {"python3", "cat"})
class KillIT {
    /** Writes numbered blocks, each with an fsync, until one fails, and counts those that did not. */
    private static final String SYNC_UNTIL_ERROR = """
            fd = os.open(args[0], os.O_RDWR)
            count = 0
            try:
                while True:
                    os.pwrite(fd, struct.pack("<Q", count + 1) * 512, count % 1024 * 4096)
                    os.fsync(fd)
                    count += 1
                    if count == 1:
                        open(args[1], "w").close()
            except OSError:
                print(count)
            """;

    private static final String CHECK_BLOCKS = """
            fd = os.open(args[0], os.O_RDONLY)
            count = int(args[1])
            for i in range(max(0, count - 1023), count):
                assert os.pread(fd, 4096, i % 1024 * 4096) == struct.pack("<Q", i + 1) * 512, i
            """;

    @TempDir
    Path directory;

    private Path image;

    @BeforeEach
    void createImage() {
        image = directory.resolve("disk.raw");
        Client.run("truncate", "-s", "4M", image.toString()).ok();
    }

    @Test
    void theNextExportServesAllThatWasSynced() throws Exception {
        Path mountpoint = directory.resolve("mnt.raw");
        killUnderLoadAndCheck(mountpoint, mountpoint);
    }

    @Test
    void theNextExportServesAllThatWasSyncedThroughARing() throws Exception {
        Path mountpoint = directory.resolve("mnt.raw");
        killUnderLoadAndCheck(mountpoint, mountpoint, "--writable", "--cache-direct", "--aio=io_uring");
    }

    @Test
    void theImageItselfMayBeBelowTheDeadMount() throws Exception {
        killUnderLoadAndCheck(image, image);
        assertThat(Files.size(image)).isEqualTo(4 << 20);
    }

    @Test
    void theNextExportMaySpellTheMountpointInAnotherWay() throws Exception {
        Path mountpoint = Files.createFile(directory.resolve("mnt.raw"));
        Path directoryLink = Files.createSymbolicLink(directory.resolve("d"), directory);
        Path link = Files.createSymbolicLink(directory.resolve("link.raw"), directoryLink.resolve("mnt.raw"));
        killUnderLoadAndCheck(mountpoint, link);
    }

    private void killUnderLoadAndCheck(Path mountpoint, Path spelling) {
        killUnderLoadAndCheck(mountpoint, spelling, "--writable");
    }

    private void killUnderLoadAndCheck(Path mountpoint, Path spelling, String... options) {
        Path begun = directory.resolve("begun");
        String count;
        try (var killed = ExportProcess.start(image, mountpoint, options)) {
            var client = Client.startPython(SYNC_UNTIL_ERROR, mountpoint, begun);
            ProcessStatus.await(begun);
            ProcessStatus.sleep(Duration.ofMillis(300));
            killed.kill();
            count = client.await(Duration.ofSeconds(10)).text();
            assertThat(Integer.parseInt(count)).isPositive();
            assertThat(FuseMounts.isMounted(mountpoint)).as("the dead mount").isTrue();
            Client.run("cat", mountpoint.toString()).failed("not connected");

            var builder = ExportProcess.of(image, spelling, options);
            try (var next = builder.launch()) {
                String blocks = count;
                ProcessStatus.await(
                        "the export answers",
                        Duration.ofSeconds(20),
                        () -> Client.python(CHECK_BLOCKS, mountpoint, blocks).exit() == 0);
                assertThat(next.stop()).isZero();
                assertThat(next.stderr()).isEmpty();
            }
        }
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        Client.python(CHECK_BLOCKS, image, count).ok();
    }

    @Test
    void aDeadMountIsFoundAlthoughTheKernelRemembersItsAttributes() throws Exception {
        Path mountpoint = Files.createFile(directory.resolve("mnt.raw"));
        try (var killed = ExportProcess.start(image, mountpoint)) {
            Client.run("stat", mountpoint.toString()).ok();
            killed.kill();
            try (var next = ExportProcess.of(image, mountpoint).launch()) {
                ProcessStatus.await(
                        "the export answers",
                        Duration.ofSeconds(20),
                        () -> Client.run("cmp", image.toString(), mountpoint.toString())
                                        .exit()
                                == 0);
                assertThat(next.stop()).isZero();
            }
        }
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
    }
}
