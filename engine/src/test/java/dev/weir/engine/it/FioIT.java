package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Random writes of fio from 4 jobs on ranges of their own, all read back and compared with their crc32c. With the system
 * property {@code weir.it.long} they write sixteen times as much.
 */
@MountRequired(
        programs = {"fio", "cmp"},
        seconds = 110)
class FioIT {
    private static final boolean LONG = Boolean.getBoolean("weir.it.long");
    private static final Duration LIMIT = Duration.ofSeconds(LONG ? 3000 : 100);
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
        "libaio, 1, --iothreads=2",
        "libaio, 1, --iothreads=4",
        "io_uring, 1, --format=raw",
        "io_uring, 0, --format=raw",
        "io_uring, 1, --iothreads=2",
        "psync, 0, --format=raw",
        "psync, 1, --iothreads=2",
        "sync, 0, --cache-direct",
        "mmap, 0, --format=raw",
        "mmap, 0, --iothreads=2"
    })
    void verifies(String engine, int direct, String option) {
        assumeThatFioHas(engine);
        try (var export = ExportProcess.start(image, mountpoint, "--writable", option)) {
            fio(jobs(engine, direct));
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }

    @Test
    void verifiesAnImageInMemory() {
        try (var export = ExportProcess.start("memory:64M", mountpoint, "--writable", "--iothreads=2")) {
            fio(jobs("libaio", 1));
        }
    }

    @Test
    void verifiesWithLittleMemoryForRequests() {
        try (var export = ExportProcess.start(
                image, mountpoint, "--writable", "--max-in-flight-bytes=4M", "--max-in-flight=16")) {
            fio(jobs("libaio", 1));
        }
    }

    @Test
    void verifiesWhatGrowsTheImage() {
        Client.run("truncate", "-s", "0", image.toString()).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--growable", "--iothreads=2")) {
            fio(jobs("libaio", 1));
        }
        assertThat(Client.run("stat", "-c", "%s", image.toString()).number())
                .isEqualTo((long) JOBS * MEBIBYTES_PER_JOB << 20);
    }

    private static void assumeThatFioHas(String engine) {
        boolean has = Client.shell(
                                "fio --enghelp=$1 && fio --name=try --ioengine=$1 --filename=$2 --size=4k --rw=read",
                                engine,
                                "/proc/self/exe")
                        .exit()
                == 0;
        if (Boolean.getBoolean("weir.it.required") && !engine.equals("io_uring")) {
            assertThat(has).as("fio has the engine %s", engine).isTrue();
        }
        assumeThat(has).as("fio has the engine %s", engine).isTrue();
    }

    /** One after the other: each load by all jobs at once, written and verified. */
    private static String jobs(String engine, int direct) {
        var file = new StringBuilder("""
                [global]
                ioengine=%s
                direct=%d
                numjobs=%d
                offset_increment=%dm
                rw=randwrite
                verify=crc32c
                verify_fatal=1
                do_verify=1
                group_reporting=1
                """.formatted(engine, direct, JOBS, MEBIBYTES_PER_JOB));
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
