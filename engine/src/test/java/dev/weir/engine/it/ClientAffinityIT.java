package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client that waits for each answer before it asks again. */
@MountRequired(programs = "python3")
class ClientAffinityIT {
    /** Writes and reads back page after page, for a second, and fails where something else comes back. */
    private static final String CLIENT = """
            fd = os.open(args[0], os.O_RDWR)
            end = time.monotonic() + 1
            i = 0
            while time.monotonic() < end:
                page = i.to_bytes(8, "little") * 512
                os.pwrite(fd, page, i % 1024 * 4096)
                if os.pread(fd, 4096, i % 1024 * 4096) != page:
                    sys.exit("page %d is not what was written" % i)
                i += 1
            """;

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.run("truncate", "-s", "4M", image.toString()).ok();
    }

    private static boolean spins(ExportProcess export) {
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(export.pid()), "task"))) {
            return threads.anyMatch(ClientAffinityIT::isSpinning);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isSpinning(Path thread) {
        try {
            return Files.readString(thread.resolve("comm")).strip().equals("weir-spin");
        } catch (IOException e) {
            // It has ended.
            return false;
        }
    }

    @Test
    void isServedRightAndCostsNothingOnceItHasGone() throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            Client client = Client.startPython(CLIENT, mountpoint);
            if (Runtime.getRuntime().availableProcessors() == 2) {
                ProcessStatus.await("the other processor is busy", Duration.ofSeconds(20), () -> spins(export));
            }
            client.await(Duration.ofSeconds(20)).ok();
            ProcessStatus.sleep(Duration.ofMillis(500));
            Duration before = ProcessStatus.cpu(export.pid());
            ProcessStatus.sleep(Duration.ofSeconds(1));
            assertThat(ProcessStatus.cpu(export.pid()).minus(before))
                    .as("processor time in a second")
                    .isLessThan(Duration.ofMillis(200));
        }
    }

    @Test
    void isNotFollowedWhereThatIsNotWanted() throws Exception {
        assumeTrue(Runtime.getRuntime().availableProcessors() == 2, "seen by a thread that two processors need");
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--no-client-affinity")) {
            Client client = Client.startPython(CLIENT, mountpoint);
            while (client.isAlive()) {
                assertThat(spins(export)).isFalse();
                ProcessStatus.sleep(Duration.ofMillis(50));
            }
            client.await(Duration.ofSeconds(20)).ok();
        }
    }
}
