package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.assertj.core.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests whose I/O does not end. */
@MountRequired(programs = {"python3", "umount"})
class StuckRequestIT {
    private static final String PREAD = """
            fd = os.open(args[0], os.O_RDONLY)
            open(args[1], "w").close()
            print(attempt(os.pread, fd, 4096, 1 << 20))
            """;

    private static final String PWRITE = """
            fd = os.open(args[0], os.O_RDWR)
            open(args[1], "w").close()
            print(attempt(os.pwrite, fd, bytes(70000), 2 << 20))
            """;

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;
    private Path begun;

    @BeforeEach
    void createImage() throws Exception {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        begun = directory.resolve("begun");
        Client.run("truncate", "-s", "4M", image.toString()).ok();
    }

    @ParameterizedTest
    @CsvSource({"READ, 4096, 1048576", "WRITE, 70000, 2097152"})
    void othersGoOnAndASignalEndsTheProcessInTime(String opcode, int size, long offset) throws Exception {
        try (var export = start("2")) {
            var client = Client.startPython(opcode.equals("READ") ? PREAD : PWRITE, mountpoint, begun);
            ProcessStatus.await(begun);
            ProcessStatus.sleep(Duration.ofMillis(200));
            // The kernel lets no fsync and no close of the file pass a write that is under way.
            Path done = directory.resolve("done");
            var other = Client.startPython("""
                    fd = os.open(args[0], os.O_RDWR)
                    for i in range(100):
                        assert os.pwrite(fd, b"others" * 1000, 4096 * i) == 6000
                        assert os.pread(fd, 6000, 4096 * i) == b"others" * 1000
                    open(args[1], "w").close()
                    """, mountpoint, done);
            ProcessStatus.await(done);
            assertThat(client.isAlive()).isTrue();

            long start = System.nanoTime();
            assertThat(export.stop()).isEqualTo(1);
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(Duration.ofSeconds(2), Duration.ofSeconds(5));
            assertThat(export.stderr())
                    .matches("weir: " + mountpoint + ": [0-9]+ requests? did not end:.* " + opcode + " [0-9]+ of "
                            + size + " at " + offset + ".*\n");
            assertThat(client.await(Duration.ofSeconds(5)).text()).isIn("ECONNABORTED", "ENOTCONN");
            other.await(Duration.ofSeconds(5));
            assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        }
        assertThat(mountpoint).doesNotExist();
        assertThat(Client.run("head", "-c", "6", image.toString()).text()).isEqualTo("others");
    }

    private ExportProcess start(String seconds) {
        return ExportProcess.of(image, mountpoint, "--writable", "--format", "stuck", "--shutdown-timeout", seconds)
                .testDrivers()
                .start();
    }

    @Test
    void whatIsMountedUnderTheNumberOfAnAbortedExportStays() throws Exception {
        Path next = Files.createDirectory(directory.resolve("next"));
        try (var export = start("3")) {
            var client = Client.startPython(PREAD, mountpoint, begun);
            ProcessStatus.await(begun);
            ProcessStatus.sleep(Duration.ofMillis(200));
            String number = number(mountpoint);
            FuseMounts.abort(FuseMounts.at(mountpoint));
            client.await(Duration.ofSeconds(5));
            Client.run("umount", "-l", mountpoint.toString()).ok();
            Client.run("mount", "-t", "tmpfs", "none", next.toString()).ok();
            try {
                Assumptions.assumeThat(number(next))
                        .as("the number of the new mount")
                        .isEqualTo(number);

                assertThat(export.awaitExit(Duration.ofSeconds(8))).isEqualTo(1);
                Client.run("mountpoint", "-q", next.toString()).ok();
            } finally {
                Client.run("umount", "-l", next.toString());
            }
        }
    }

    private static String number(Path place) {
        return Client.run("mountpoint", "-d", place.toString()).text();
    }

    @Test
    void aClientThatIsKilledWaitsNoLongerThanTheExport() {
        try (var export = start("1")) {
            var client = Client.startPython(PREAD, mountpoint, begun);
            ProcessStatus.await(begun);
            ProcessStatus.sleep(Duration.ofMillis(200));
            client.kill();
            assertThat(export.stop()).isEqualTo(1);
            assertThat(client.await(Duration.ofSeconds(5)).exit()).isEqualTo(128 + 9);
        }
    }

    @Test
    void aDeviceThatBlocksAnEventLoopKeepsTheEndFromNobody() {
        try (var export = start("1")) {
            var client = Client.startPython("""
                    fd = os.open(args[0], os.O_RDONLY)
                    open(args[1], "w").close()
                    print(attempt(os.pread, fd, 4096, 3 << 20))
                    """, mountpoint, begun);
            ProcessStatus.await(begun);
            ProcessStatus.sleep(Duration.ofMillis(200));
            long start = System.nanoTime();
            assertThat(export.stop()).isEqualTo(1);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
            assertThat(export.stderr()).contains("1 request did not end: READ").hasLineCount(1);
            client.await(Duration.ofSeconds(5)).ok();
        }
    }

    @Test
    void aShutdownGivesThemUpAndTheirLateEndDoesNoHarm() throws Exception {
        var before = EmbeddedExport.Footprint.now();
        Files.createFile(mountpoint);
        var embedded = EmbeddedExport.start(
                "stuck,file.driver=file,file.filename=" + image,
                mountpoint,
                2,
                options -> options.shutdownTimeout(Duration.ofSeconds(1)));
        var reader = Client.startPython(PREAD, mountpoint, begun);
        var writer = Client.startPython(PWRITE, mountpoint, directory.resolve("begun2"));
        ProcessStatus.await(
                "both are in flight",
                Duration.ofSeconds(5),
                () -> embedded.export().inFlight() == 2);

        assertThatThrownBy(() -> embedded.engine().close())
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.TIMED_OUT))
                .hasMessageContainingAll("2 requests did not end", "READ", "at 1048576", "WRITE", "at 2097152");

        reader.await(Duration.ofSeconds(5)).ok();
        writer.await(Duration.ofSeconds(5)).ok();
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        assertThat(embedded.export().inFlight()).isEqualTo(2);

        StuckDriver.release();

        ProcessStatus.await(
                "none is in flight",
                Duration.ofSeconds(5),
                () -> embedded.export().inFlight() == 0);
        ProcessStatus.await(
                "memory is given back",
                Duration.ofSeconds(5),
                () -> embedded.engine().bufferBytes() == 0);
        before.assertNothingIsLeft();
    }

    @Test
    void whatEndsInTimeIsAnswered() throws Exception {
        Files.createFile(mountpoint);
        try (var embedded = EmbeddedExport.start("stuck,file.driver=file,file.filename=" + image, mountpoint)) {
            var writer = Client.startPython(PWRITE, mountpoint, begun);
            ProcessStatus.await(
                    "it is in flight",
                    Duration.ofSeconds(5),
                    () -> embedded.export().inFlight() == 1);
            var shutdown = embedded.engine().shutdown().toFuture();
            ProcessStatus.sleep(Duration.ofMillis(300));
            assertThat(shutdown).isNotDone();
            StuckDriver.release();
            assertThat(writer.await(Duration.ofSeconds(5)).text()).isEqualTo("70000");
            shutdown.get();
        }
        assertThat(Files.exists(mountpoint)).isTrue();
    }

    @Test
    void anExportThatSomebodyUnmountedEndsInTimeToo() throws Exception {
        Files.createFile(mountpoint);
        var embedded = EmbeddedExport.start(
                "stuck,file.driver=file,file.filename=" + image,
                mountpoint,
                1,
                options -> options.shutdownTimeout(Duration.ofSeconds(1)));
        var reader = Client.startPython(PREAD, mountpoint, begun);
        // Until then it is OPEN that is in flight.
        ProcessStatus.await(begun);
        ProcessStatus.await(
                "it is in flight",
                Duration.ofSeconds(5),
                () -> embedded.export().inFlight() == 1);
        FuseMounts.abort(FuseMounts.at(mountpoint));
        assertThatThrownBy(() -> embedded.export().onTerminate().block(EmbeddedExport.LIMIT))
                .hasMessageContaining("the FUSE connection was aborted");
        reader.await(Duration.ofSeconds(5)).ok();
        embedded.engine().shutdown().block(EmbeddedExport.LIMIT);
        StuckDriver.release();
        ProcessStatus.await(
                "none is in flight",
                Duration.ofSeconds(5),
                () -> embedded.export().inFlight() == 0);
    }
}
