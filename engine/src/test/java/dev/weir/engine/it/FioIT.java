package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random writes of fio from 4 jobs on ranges of their own, all read back and compared with their crc32c. With the system
 * property {@code weir.it.long} they write sixteen times as much.
 */
@MountRequired(
        programs = {"fio", "cmp"},
        seconds = 110)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class FioIT {
    private static final boolean LONG = Boolean.getBoolean("weir.it.long");
    private static final Duration LIMIT = Duration.ofSeconds(LONG ? 1000 : 100);
    private static final int JOBS = 4;
    private static final int MEBIBYTES_PER_JOB = 16;

    /** The sizes of requests, with the depths at which they are made and the MiB that a job writes. */
    private record Load(String blockSize, int depth, int mebibytes) {}

    private static final List<Load> LOADS = List.of(
            new Load("4k", 1, 1),
            new Load("4k", 64, 4),
            new Load("64k", 8, 8),
            new Load("1m", 1, 8),
            new Load("1m", 16, 16));

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.shell("truncate -s $2M $1", image, JOBS * MEBIBYTES_PER_JOB).ok();
    }

    @ParameterizedTest
    @CsvSource({
        "libaio, 1, --format=raw",
        "libaio, 0, --format=raw",
        "libaio, 1, --cache-direct",
        "libaio, 1, --cache-direct --aio=io_uring",
        "libaio, 1, --cache-direct --aio=io_uring --iothreads=2",
        "libaio, 1, --aio=io_uring",
        "psync, 0, --aio=io_uring",
        "libaio, 1, --iothreads=2",
        "libaio, 1, --iothreads=4",
        "io_uring, 1, --format=raw",
        "io_uring, 0, --format=raw",
        "io_uring, 1, --iothreads=2",
        "psync, 0, --format=raw",
        "psync, 1, --iothreads=2",
        "sync, 0, --cache-direct"
    })
    void verifies(String engine, int direct, String options) {
        assumeThatFioHas(engine);
        try (var export = ExportProcess.start(image, mountpoint, ("--writable " + options).split(" "))) {
            fio(jobs(engine, direct, JOBS));
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }

    /** One job: where another begins behind the start of the file, fio itself mixes up what it mapped. */
    @ParameterizedTest
    @ValueSource(strings = {"--format=raw", "--iothreads=2"})
    void verifiesMappings(String option) {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", option)) {
            fio(jobs("mmap", 0, 1));
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }

    @Test
    void verifiesAnImageInMemory() {
        try (var export = ExportProcess.start("memory:64M", mountpoint, "--writable", "--iothreads=2")) {
            fio(jobs("libaio", 1, JOBS));
        }
    }

    @Test
    void verifiesWithLittleMemoryForRequests() {
        try (var export = ExportProcess.start(
                image, mountpoint, "--writable", "--max-in-flight-bytes=4M", "--max-in-flight=16")) {
            fio(jobs("libaio", 1, JOBS));
        }
    }

    @Test
    void verifiesWhatGrowsTheImage() {
        Client.run("truncate", "-s", "0", image.toString()).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--growable", "--iothreads=2")) {
            fio(jobs("libaio", 1, JOBS));
        }
        assertThat(Client.run("stat", "-c", "%s", image.toString()).number())
                .isEqualTo((long) JOBS * MEBIBYTES_PER_JOB << 20);
    }

    /** The engine io_uring may be forbidden, here or by the kernel. */
    private static void assumeThatFioHas(String engine) {
        if (engine.equals("io_uring")) {
            Client.Result attempt = Client.run(
                    "fio", "--name=try", "--ioengine=io_uring", "--filename=/bin/sh", "--size=4k", "--rw=read");
            assumeThat(attempt.exit()).as(attempt.toString()).isZero();
        }
    }

    /** One after the other: each load by all jobs at once, written and verified. */
    private static String jobs(String engine, int direct, int jobs) {
        var file = new StringBuilder("""
                [global]
                ioengine=%s
                direct=%d
                numjobs=%d
                offset_increment=%dm
                rw=randwrite
                create_on_open=1
                verify=crc32c
                verify_fatal=1
                do_verify=1
                verify_state_save=0
                group_reporting=1
                """.formatted(engine, direct, jobs, MEBIBYTES_PER_JOB));
        for (Load load : LOADS) {
            int mebibytes = LONG ? MEBIBYTES_PER_JOB : load.mebibytes();
            file.append("""
                    [%1$s-%2$d]
                    stonewall
                    bs=%1$s
                    iodepth=%2$d
                    size=%3$dm
                    loops=%4$d
                    """.formatted(load.blockSize(), load.depth(), mebibytes, LONG ? 4 : 1));
        }
        return file.toString();
    }

    private void fio(String jobs) {
        Client.startShell(
                        "echo \"$1\" >$2; fio --filename=$3 --eta=never $2",
                        jobs,
                        directory.resolve("jobs.fio"),
                        mountpoint)
                .await(LIMIT)
                .ok();
    }
}
