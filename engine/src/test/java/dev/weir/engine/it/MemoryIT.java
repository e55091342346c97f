package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the command needs. */
@MountRequired(programs = "fio", seconds = 110)
class MemoryIT {
    private static final int RUNTIME = Boolean.getBoolean("weir.it.long") ? 60 : 8;
    private static final long LIMIT_KIB = 150 * 1024;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"4k", "1M"})
    void staysSmallUnderLoad(String blockSize) throws Exception {
        // A slow disk would make this a test of its flush.
        Path memory = Path.of("/dev/shm");
        boolean roomy = Files.isWritable(memory) && memory.toFile().getUsableSpace() > 3L << 30;
        Path image = Files.createTempFile(roomy ? memory : directory, "weir", ".raw");
        try {
            run(image, blockSize);
        } finally {
            Files.delete(image);
        }
    }

    @Test
    void takesNoProcessorTimeWhileNobodyUsesIt() {
        Path image = directory.resolve("disk.raw");
        Client.run("truncate", "-s", "64M", image.toString()).ok();
        try (var export = ExportProcess.start(image, directory.resolve("mnt.raw"), "--writable", "--iothreads=2")) {
            Client.run("dd", "if=" + export.mountpoint(), "of=/dev/null", "bs=4k", "iflag=direct")
                    .ok();
            ProcessStatus.sleep(Duration.ofSeconds(1));
            Duration before = ProcessStatus.cpu(export.pid());
            ProcessStatus.sleep(Duration.ofSeconds(3));
            assertThat(ProcessStatus.cpu(export.pid()).minus(before)).isLessThan(Duration.ofMillis(300));
        }
    }

    @Test
    void theLeastBudgetIsEnoughForAnExport() {
        try (var export = ExportProcess.start(
                "memory:16M", directory.resolve("mnt.raw"), "--writable", "--max-in-flight-total=2M")) {
            Client.run("dd", "if=/dev/zero", "of=" + export.mountpoint(), "bs=1M", "count=16", "conv=notrunc")
                    .ok();
        }
    }

    private void run(Path image, String blockSize) {
        Client.run("truncate", "-s", "1G", image.toString()).ok();
        try (var export = ExportProcess.start(image, directory.resolve("mnt.raw"), "--writable")) {
            Client.run(
                            Duration.ofSeconds(RUNTIME + 20),
                            "fio",
                            "--name=load",
                            "--filename=" + export.mountpoint(),
                            "--rw=randrw",
                            "--bs=" + blockSize,
                            "--size=1G",
                            "--time_based",
                            "--runtime=" + RUNTIME,
                            "--ioengine=libaio",
                            "--iodepth=32",
                            "--direct=1",
                            "--allow_file_create=0",
                            "--output=/dev/null")
                    .ok();
            long resident = ProcessStatus.memory(export.pid(), "VmRSS");
            System.out.printf("resident size after %d s of %s: %d MiB%n", RUNTIME, blockSize, resident / 1024);
            assertThat(resident).as("resident size in KiB").isLessThan(LIMIT_KIB);
        }
    }
}
