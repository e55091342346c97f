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

    /** The same with several requests at once, each of which names its own page. */
    private static final String CROWD = """
            import threading
            fd = os.open(args[0], os.O_RDWR)
            end = time.monotonic() + 5
            wrong = []
            def work(mine):
                page = mine.to_bytes(8, "little") * 512
                while time.monotonic() < end:
                    os.pwrite(fd, page, mine * 4096)
                    if os.pread(fd, 4096, mine * 4096) != page:
                        wrong.append(mine)
            threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            if wrong: sys.exit("pages %s are not what was written" % wrong)
            """;

    /** Of include/uapi/linux/sched.h, as /proc/PID/stat has it: proc_pid_stat(5), 41st field, the 39th after the name. */
    private static final String SCHED_OTHER = "0";

    private static final String SCHED_BATCH = "3";
    private static final int POLICY = 38;

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

    /** Empty before it has begun. */
    private static String policyOfLoop(ExportProcess export) {
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(export.pid()), "task"))) {
            return threads.filter(thread -> read(thread.resolve("comm")).startsWith("weir-iothread0"))
                    .map(thread -> read(thread.resolve("stat")))
                    .map(stat -> stat.substring(stat.indexOf(") ") + 2).split(" ")[POLICY])
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            // The thread has ended.
            return "";
        }
    }

    @Test
    void takesNoProcessorFromAClientWithSeveralRequestsAtOnceButFromOthers() throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--iothreads=1")) {
            Client crowd = Client.startPython(CROWD, mountpoint);
            ProcessStatus.await(
                    "the loop gives way",
                    Duration.ofSeconds(4),
                    () -> policyOfLoop(export).equals(SCHED_BATCH));
            crowd.await(Duration.ofSeconds(20)).ok();
            Client.startPython(CLIENT, mountpoint).await(Duration.ofSeconds(20)).ok();
            assertThat(policyOfLoop(export)).isEqualTo(SCHED_OTHER);
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
