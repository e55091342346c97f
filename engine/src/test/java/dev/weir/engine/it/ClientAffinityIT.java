package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

    /** Sixteen of them at once, each with a page of its own. */
    private static final String CROWD = """
            fd = os.open(args[0], os.O_RDWR)
            end = time.monotonic() + 5
            def work(mine):
                page = mine.to_bytes(8, "little") * 512
                while time.monotonic() < end:
                    os.pwrite(fd, page, mine * 4096)
                    if os.pread(fd, 4096, mine * 4096) != page:
                        os._exit(1)
            for i in range(16):
                if os.fork() == 0:
                    work(i)
                    os._exit(0)
            for i in range(16):
                if os.wait()[1] != 0:
                    sys.exit("a page is not what was written")
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

    /** Of the threads whose names begin like that. */
    private static List<String> policies(ExportProcess export, String name) {
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(export.pid()), "task"))) {
            return threads.filter(thread -> read(thread.resolve("comm")).startsWith(name))
                    .map(thread -> read(thread.resolve("stat")))
                    .filter(stat -> !stat.isEmpty())
                    .map(stat -> stat.substring(stat.indexOf(") ") + 2).split(" ")[POLICY])
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void awaitBatch(ExportProcess export) {
        ProcessStatus.await(
                "the loop gives way",
                Duration.ofSeconds(4),
                () -> policies(export, "weir-iothread").contains(SCHED_BATCH));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            // The thread has ended.
            return "";
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--iothreads=1", "--iothreads=2"})
    void takesTheProcessorOnlyFromAClientThatIsAlone(String loops) throws Exception {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "a crowd, and a loop that finds it");
        assumeTrue(read(Path.of("/proc/self/stat")).split(" ")[POLICY + 2].equals(SCHED_OTHER), "the usual policy");
        try (var export = ExportProcess.start(image, mountpoint, "--writable", loops)) {
            Client.startPython(CLIENT, mountpoint).await(Duration.ofSeconds(20)).ok();
            assertThat(policies(export, "weir-iothread")).isNotEmpty().containsOnly(SCHED_OTHER);

            Client crowd = Client.startPython(CROWD, mountpoint);
            awaitBatch(export);
            crowd.await(Duration.ofSeconds(20)).ok();

            Client.startPython(CLIENT, mountpoint).await(Duration.ofSeconds(20)).ok();
            assertThat(policies(export, "weir-iothread")).contains(SCHED_OTHER);
        }
    }

    /** Threads begin with the policy of the one that starts them, here a loop that gives way. */
    @Test
    void threadsThatALoopStartsMeanwhileTakeProcessorsAsUsual() throws Exception {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "a crowd, and a loop that finds it");
        assumeTrue(read(Path.of("/proc/self/stat")).split(" ")[POLICY + 2].equals(SCHED_OTHER), "the usual policy");
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--iothreads=1")) {
            Client crowd = Client.startPython(CROWD, mountpoint);
            awaitBatch(export);
            Client.shell("for i in $(seq 100 400); do fallocate -n -p -o ${i}0KiB -l 4KiB $1 & done; wait", mountpoint)
                    .ok();
            assertThat(policies(export, "weir-file")).hasSizeGreaterThan(1).containsOnly(SCHED_OTHER);
            crowd.await(Duration.ofSeconds(20)).ok();
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
