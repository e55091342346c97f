package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An export with the event loops that it has unless told otherwise: the second one serves only while there is a crowd. */
@MountRequired(programs = {"fio", "cmp", "umount"})
class SpareQueueIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration BUSY = Duration.ofMillis(100);

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    private enum Second {
        SPARED,
        HELPING,
        SPARED_AGAIN
    }

    @BeforeEach
    void createImage() {
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "a second loop needs a second processor");
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.shell("head -c 16M /dev/urandom >$1", image).ok();
    }

    private ExportProcess start() {
        ExportProcess export = ExportProcess.start(image, mountpoint, "--writable");
        // The mount is there before the loops are; a thread that one of them starts has its name for a moment.
        ProcessStatus.await("both loops run", LIMIT, () -> {
            Map<Path, Duration> before = loops(export);
            ProcessStatus.sleep(Duration.ofMillis(50));
            return before.size() == 2 && before.keySet().equals(loops(export).keySet());
        });
        return export;
    }

    private Client load(int seconds, String... options) {
        var command = new ArrayList<>(List.of(
                "fio",
                "--name=load",
                "--filename=" + mountpoint,
                "--rw=randrw",
                "--size=16M",
                "--time_based",
                "--runtime=" + seconds,
                "--direct=1",
                "--allow_file_create=0"));
        command.addAll(List.of(options));
        return Client.start(command.toArray(String[]::new));
    }

    private Client small(int seconds) {
        return load(seconds, "--bs=4k", "--ioengine=psync");
    }

    private Client large(int seconds) {
        return load(seconds, "--bs=1m", "--ioengine=libaio", "--iodepth=4");
    }

    /** Processor time of each event loop so far. */
    private static Map<Path, Duration> loops(ExportProcess export) {
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(export.pid()), "task"))) {
            Map<Path, Duration> times = new HashMap<>();
            threads.filter(SpareQueueIT::isLoop).forEach(thread -> times.put(thread, ProcessStatus.cpu(thread)));
            return times;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isLoop(Path thread) {
        try {
            return Files.readString(thread.resolve("comm")).startsWith("weir-iothread");
        } catch (IOException e) {
            // It has ended.
            return false;
        }
    }

    /** What each loop used since then, the one that used least first. */
    private static List<Duration> used(ExportProcess export, Map<Path, Duration> before) {
        List<Duration> used = loops(export).entrySet().stream()
                .filter(entry -> before.containsKey(entry.getKey()))
                .map(entry -> entry.getValue().minus(before.get(entry.getKey())))
                .sorted(Comparator.naturalOrder())
                .toList();
        assertThat(used).as("event loops").hasSize(2);
        return used;
    }

    private static void awaitBoth(ExportProcess export) {
        Map<Path, Duration> before = loops(export);
        ProcessStatus.await(
                "both loops serve", LIMIT, () -> used(export, before).get(0).compareTo(BUSY) > 0);
    }

    /** Has a client do what brings the second loop into a state, and go on with it. */
    private Client enter(ExportProcess export, Second state) {
        if (state != Second.SPARED) {
            Client crowd = large(30);
            awaitBoth(export);
            if (state == Second.HELPING) {
                return crowd;
            }
            crowd.kill().await(LIMIT);
        }
        Client load = small(30);
        Map<Path, Duration> before = loops(export);
        ProcessStatus.await(
                "the first loop serves",
                LIMIT,
                () -> used(export, before).get(1).compareTo(BUSY) > 0);
        return load;
    }

    @Test
    void helpsWithLargeRequestsAndLosesNone() {
        try (var export = start()) {
            Client load = large(30);
            awaitBoth(export);
            load.kill().await(LIMIT);
            Client.start(
                            "fio",
                            "--name=verify",
                            "--filename=" + mountpoint,
                            "--rw=randrw",
                            "--bs=1m",
                            "--size=16M",
                            "--loops=20",
                            "--ioengine=libaio",
                            "--iodepth=4",
                            "--direct=1",
                            "--verify=crc32c",
                            "--verify_fatal=1",
                            "--verify_state_save=0",
                            "--allow_file_create=0")
                    .await(Duration.ofSeconds(60))
                    .ok();
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }

    @Test
    void isNotWokenUpBySmallRequestsOneByOne() {
        try (var export = start()) {
            Client load = enter(export, Second.SPARED_AGAIN);
            // It listens for a while after the last large one.
            ProcessStatus.sleep(Duration.ofMillis(200));
            Map<Path, Duration> before = loops(export);
            ProcessStatus.sleep(Duration.ofSeconds(2));
            List<Duration> used = used(export, before);
            assertThat(used.get(1)).isGreaterThan(BUSY);
            assertThat(used.get(0)).isLessThan(BUSY);
            load.kill().await(LIMIT);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSignalEndsTheExport(Second state) {
        try (var export = start()) {
            Client load = enter(export, state);
            ProcessStatus.signal(export.pid(), "TERM");
            export.awaitGoodEnd();
            assertNothingLeft();
            assertThat(load.await(LIMIT).exit()).isNotZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anUnmountEndsTheExportWithItsLastClient(Second state) {
        try (var export = start()) {
            Client load = enter(export, state);
            Client.run("umount", "--lazy", mountpoint.toString()).ok();
            ProcessStatus.sleep(Duration.ofMillis(200));
            assertThat(export.isAlive()).isTrue();
            load.kill().await(LIMIT);
            export.awaitGoodEnd();
            assertNothingLeft();
        }
    }

    @ParameterizedTest
    @EnumSource
    void anAbortedConnectionEndsTheExport(Second state) {
        try (var export = start()) {
            Client load = enter(export, state);
            FuseMounts.abort(FuseMounts.at(mountpoint));
            assertThat(export.awaitExit(Duration.ofSeconds(5))).isEqualTo(1);
            assertThat(export.stderr()).isEqualTo("weir: " + mountpoint + ": the FUSE connection was aborted\n");
            assertNothingLeft();
            assertThat(load.await(LIMIT).exit()).isNotZero();
        }
    }

    private void assertNothingLeft() {
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        assertThat(mountpoint).doesNotExist();
    }
}
