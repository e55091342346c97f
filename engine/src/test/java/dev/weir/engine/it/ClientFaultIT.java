package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that are killed, connections that are aborted, and others that want the same mountpoint. */
@MountRequired(programs = {"fio", "cmp", "cat"})
class ClientFaultIT {
    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() throws Exception {
        image = directory.resolve("disk.raw");
        mountpoint = Files.createFile(directory.resolve("mnt.raw"));
        Client.shell("head -c 8388608 /dev/urandom >$1", image).ok();
    }

    @Test
    void clientsThatAreKilledInTheMiddleLeaveNothingBehind() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            for (int round = 0; round < 3; round++) {
                List<Client> clients = new ArrayList<>();
                for (String engine : List.of("libaio", "io_uring", "psync")) {
                    clients.add(fio(engine));
                }
                ProcessStatus.sleep(Duration.ofMillis(400));
                clients.forEach(Client::kill);
                clients.forEach(client -> client.await(Duration.ofSeconds(10)));
            }
            // What io_uring had asked for ends after its process.
            ProcessStatus.await(
                    "no request waits", Duration.ofSeconds(10), () -> FuseMounts.waiting(export.mountpoint()) == 0);
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }

    private Client fio(String engine) {
        return Client.start(
                "fio",
                "--name=" + engine,
                "--filename=" + mountpoint,
                "--rw=randrw",
                "--bs=64k",
                "--size=8M",
                "--time_based",
                "--runtime=30",
                "--ioengine=" + engine,
                "--iodepth=32",
                "--direct=1",
                "--allow_file_create=0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void anAbortedConnectionEndsTheExport(String ioThreads) {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--iothreads", ioThreads)) {
            var load = fio("libaio");
            ProcessStatus.sleep(Duration.ofMillis(400));
            FuseMounts.abort(FuseMounts.at(mountpoint));
            assertThat(export.awaitExit(Duration.ofSeconds(5))).isEqualTo(1);
            assertThat(export.stderr()).isEqualTo("weir: " + mountpoint + ": the FUSE connection was aborted\n");
            assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
            assertThat(load.await(Duration.ofSeconds(10)).exit()).isNotZero();
        }
    }

    @Test
    void aMountpointHasOneExport() throws Exception {
        Path directoryLink = Files.createSymbolicLink(directory.resolve("d"), directory);
        Path link = Files.createSymbolicLink(directory.resolve("link.raw"), Path.of("d", "mnt.raw"));
        Path other = Files.writeString(directory.resolve("other.raw"), "other");
        List<Path> spellings = List.of(
                mountpoint,
                link,
                directoryLink.resolve("mnt.raw"),
                directory.resolve("../" + directory.getFileName() + "/./mnt.raw"));
        try (var export = ExportProcess.start(image, mountpoint)) {
            for (Path spelling : spellings) {
                assertRefused(other, spelling, "There already is a FUSE export on '" + spelling + "'");
            }
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            assertThat(FuseMounts.all().stream()
                            .filter(mount -> mount.mountpoint().equals(export.mountpoint())))
                    .hasSize(1);
        }
    }

    @Test
    void anExportThatHangsIsLeftAlone() throws Exception {
        Path other = Files.writeString(directory.resolve("other.raw"), "other");
        try (var hung = ExportProcess.start(image, mountpoint)) {
            ProcessStatus.signal(hung.pid(), "STOP");
            try {
                assertRefused(other, mountpoint, "'" + mountpoint + "' does not answer: its file system hangs");
            } finally {
                ProcessStatus.signal(hung.pid(), "CONT");
            }
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }

    private static void assertRefused(Path image, Path mountpoint, String message) {
        Client.Result result = ExportProcess.of(image, mountpoint).run();
        assertThat(result.exit()).as(result.toString()).isEqualTo(1);
        assertThat(result.err()).isEqualTo("weir: " + message + "\n");
        assertThat(result.out()).isEmpty();
    }
}
