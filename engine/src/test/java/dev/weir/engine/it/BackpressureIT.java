package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** More requests than there is memory for, and requests that come while the node is drained. */
@MountRequired(programs = {"fio", "python3"})
class BackpressureIT {
    private static final long MIB = 1 << 20;

    /** Payload, headers and what aligning them takes. */
    private static final long ONE_REQUEST = MIB + 2 * 4096;

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() throws Exception {
        image = directory.resolve("disk.raw");
        mountpoint = Files.createFile(directory.resolve("mnt.raw"));
        Client.run("fallocate", "-l", "256M", image.toString()).ok();
    }

    @ParameterizedTest
    @CsvSource({"randread, 1", "randwrite, 1", "randrw, 2"})
    void memoryStaysWithinTheBudget(String pattern, int ioThreads) {
        long budget = 4 * MIB;
        try (var embedded = EmbeddedExport.start(
                "file,filename=" + image, mountpoint, ioThreads, options -> options.maxInFlightBytes(budget))) {
            var fio = Client.start(
                    "fio",
                    "--name=deep",
                    "--filename=" + mountpoint,
                    "--rw=" + pattern,
                    "--bs=1M",
                    "--size=256M",
                    "--time_based",
                    "--runtime=4",
                    "--ioengine=libaio",
                    "--iodepth=256",
                    "--direct=1",
                    "--allow_file_create=0",
                    "--output-format=terse");
            ProcessStatus.await(
                    "it runs", Duration.ofSeconds(10), () -> embedded.export().inFlight() > 0);
            var small = Client.startPython("""
                    fd = os.open(args[0], os.O_RDONLY)
                    end = time.monotonic() + 2
                    count = 0
                    while time.monotonic() < end:
                        os.pread(fd, 512, count % 1000 * 4096)
                        count += 1
                    print(count)
                    """, mountpoint);
            double most = 0;
            while (fio.isAlive()) {
                most = Math.max(most, (double) embedded.engine().bufferBytes());
                ProcessStatus.sleep(Duration.ofMillis(1));
            }
            fio.await(Duration.ofSeconds(10)).ok();
            assertThat(small.await(Duration.ofSeconds(10)).number())
                    .as("small requests beside the large")
                    .isGreaterThan(10);
            assertThat(most).isBetween((double) 2 * MIB, (double) ioThreads * (budget + ONE_REQUEST));
            assertThat(embedded.metric("pauses")).isPositive();
            assertThat(embedded.metric("in.flight.requests")).isZero();
        }
    }

    @Test
    void aBudgetBelowOneRequestStillServes() {
        try (var embedded =
                EmbeddedExport.start("file,filename=" + image, mountpoint, 1, options -> options.maxInFlightBytes(1))) {
            Client.run(
                            "fio",
                            "--name=deep",
                            "--filename=" + mountpoint,
                            "--rw=write",
                            "--bs=256k",
                            "--size=16M",
                            "--verify=crc32c",
                            "--ioengine=libaio",
                            "--iodepth=16",
                            "--direct=1",
                            "--allow_file_create=0",
                            "--output=/dev/null")
                    .ok();
            assertThat(embedded.metric("pauses")).isPositive();
        }
    }

    @Test
    void clientsWaitWhileTheNodeIsDrained() {
        try (var embedded = EmbeddedExport.start("file,filename=" + image, mountpoint)) {
            for (int round = 0; round < 3; round++) {
                embedded.engine().graph().drainedBegin(embedded.node()).block(EmbeddedExport.LIMIT);
                var client = Client.startShell("printf drained | dd of=$1 conv=notrunc status=none", mountpoint);
                ProcessStatus.sleep(Duration.ofMillis(300));
                assertThat(client.isAlive()).isTrue();
                assertThat(embedded.export().inFlight()).isZero();
                embedded.engine().graph().drainedEnd(embedded.node());
                client.await(Duration.ofSeconds(10)).ok();
            }
        }
        assertThat(Client.run("head", "-c", "7", image.toString()).text()).isEqualTo("drained");
    }

    @Test
    void anExportMayBeginAndEndWhileTheNodeIsDrained() {
        try (var first = EmbeddedExport.start("file,filename=" + image, mountpoint)) {
            var graph = first.engine().graph();
            graph.drainedBegin(first.node()).block(EmbeddedExport.LIMIT);
            Path other = directory.resolve("other.raw");
            Client.run("touch", other.toString()).ok();
            FuseMounts.watch(other);
            var second = first.engine()
                    .export(
                            first.node(),
                            dev.weir.fuse.FuseExportOptions.at(other).build())
                    .block(EmbeddedExport.LIMIT);
            var client = Client.start("head", "-c", "4096", other.toString());
            ProcessStatus.sleep(Duration.ofMillis(200));
            assertThat(client.isAlive()).isTrue();
            graph.drainedEnd(first.node());
            client.await(Duration.ofSeconds(10)).ok();

            graph.drainedBegin(first.node()).block(EmbeddedExport.LIMIT);
            first.engine()
                    .removeExport(second.id(), dev.weir.engine.RemoveMode.HARD)
                    .block(EmbeddedExport.LIMIT);
            graph.drainedEnd(first.node());
            Client.run("head", "-c", "4096", mountpoint.toString()).ok();
        }
    }
}
