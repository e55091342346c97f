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

/** Somebody else takes the mount away. */
@MountRequired(programs = {"umount", "python3", "unshare"})
class UnmountIT {
    private static final String WAIT = """
            def wait(path):
                while not os.path.exists(path):
                    time.sleep(0.01)

            """;

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.run("truncate", "-s", "16M", image.toString()).ok();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--verbose", "--lazy", "--force"})
    void anIdleExportEndsWithAllThatWasWritten(String option) throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            Client.shell("printf written | dd of=$1 conv=notrunc status=none", mountpoint)
                    .ok();
            Client.run("umount", option, mountpoint.toString()).ok();
            if (option.equals("--force")) {
                // The kernel aborts the connection before it unmounts.
                assertThat(export.awaitExit()).isIn(0, 1);
            } else {
                export.awaitGoodEnd();
            }
        }
        assertThat(Client.run("head", "-c", "7", image.toString()).text()).isEqualTo("written");
        assertThat(mountpoint).doesNotExist();
    }

    @Test
    void whoHasTheFileOpenIsServedToTheEnd() throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            var client = Client.startPython(WAIT + """
                    fd = os.open(args[0], os.O_RDWR)
                    open(args[1] + "/opened", "w").close()
                    wait(args[1] + "/go")
                    os.pwrite(fd, b"after the unmount", 0)
                    os.close(fd)
                    """, mountpoint, directory);
            ProcessStatus.await(directory.resolve("opened"));
            Client.run("umount", mountpoint.toString()).failed("busy");
            Client.run("umount", "-l", mountpoint.toString()).ok();

            assertIdle(export);
            Files.createFile(directory.resolve("go"));

            client.await(Duration.ofSeconds(10)).ok();
            export.awaitGoodEnd();
        }
        assertThat(Client.run("head", "-c", "17", image.toString()).text()).isEqualTo("after the unmount");
        assertThat(mountpoint).doesNotExist();
    }

    private static void assertIdle(ExportProcess export) {
        Duration before = ProcessStatus.cpu(export.pid());
        ProcessStatus.sleep(Duration.ofSeconds(1));
        assertThat(export.isAlive()).isTrue();
        assertThat(ProcessStatus.cpu(export.pid()).minus(before))
                .as("processor time in a second")
                .isLessThan(Duration.ofMillis(300));
    }

    @Test
    void byForceWhileSomebodyHasTheFileOpenLeavesNoDeadMount() throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            var client = Client.startPython(WAIT + """
                    fd = os.open(args[0], os.O_RDWR)
                    open(args[1] + "/opened", "w").close()
                    wait(args[1] + "/go")
                    """, mountpoint, directory);
            ProcessStatus.await(directory.resolve("opened"));
            // The kernel ends the connection, and then does not unmount what is in use.
            Client.run("umount", "--force", mountpoint.toString());

            assertThat(export.awaitExit()).isIn(0, 1);
            assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
            Files.createFile(directory.resolve("go"));
            client.await(Duration.ofSeconds(10));
        }
        assertThat(mountpoint).doesNotExist();
    }

    @Test
    void underLoad() throws Exception {
        int region = 4 << 20;
        List<Client> writers = new ArrayList<>();
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            for (int i = 0; i < 4; i++) {
                writers.add(Client.startPython("""
                        fd = os.open(args[0], os.O_RDWR)
                        start = int(args[1])
                        open(args[2], "w").close()
                        end = time.monotonic() + 1.5
                        count = 0
                        while time.monotonic() < end:
                            os.pwrite(fd, struct.pack("<Q", count + 1) * 512, start + count % 1024 * 4096)
                            count += 1
                        os.close(fd)
                        print(count)
                        """, mountpoint, i * region, directory.resolve("opened" + i)));
                ProcessStatus.await(directory.resolve("opened" + i));
            }
            Client.run("umount", mountpoint.toString()).failed("busy");
            Client.run("umount", "-l", mountpoint.toString()).ok();
            export.awaitGoodEnd();
        }
        for (int i = 0; i < 4; i++) {
            long count = writers.get(i).await(Duration.ofSeconds(10)).number();
            Client.python("""
                            fd = os.open(args[0], os.O_RDONLY)
                            start, count = int(args[1]), int(args[2])
                            for i in range(max(0, count - 1024), count):
                                at = start + i % 1024 * 4096
                                assert os.pread(fd, 4096, at) == struct.pack("<Q", i + 1) * 512, i
                            """, image, i * region, count).ok();
        }
    }

    @Test
    void aCopyOfTheMountInAnotherNamespaceKeepsNobodyWaiting() throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            var other = Client.start("unshare", "--mount", "--propagation", "private", "sleep", "60");
            ProcessStatus.sleep(Duration.ofMillis(200));
            try {
                long start = System.nanoTime();
                assertThat(export.stop()).isZero();
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
                assertThat(export.stderr()).isEmpty();
            } finally {
                other.kill().await(Duration.ofSeconds(5));
            }
        }
        assertThat(mountpoint).doesNotExist();
    }

    @Test
    void aMountWhoseDirectoryWasRenamedIsTakenAway() throws Exception {
        Path before = Files.createDirectory(directory.resolve("before"));
        Path after = directory.resolve("after");
        mountpoint = Files.createFile(before.resolve("mnt.raw"));
        try (var export = ExportProcess.start(image, mountpoint)) {
            Files.move(before, after);
            assertThat(FuseMounts.isMounted(after.resolve("mnt.raw"))).isTrue();
            assertThat(export.stop()).isZero();
        }
        assertThat(FuseMounts.isMounted(after.resolve("mnt.raw"))).isFalse();
    }

    @Test
    void theNextMountAtTheSamePlaceIsLeftAlone() throws Exception {
        Path next = Files.writeString(directory.resolve("next.raw"), "next");
        Files.createFile(mountpoint);
        try (var first = ExportProcess.start(image, mountpoint)) {
            var client = Client.startPython(WAIT + """
                    fd = os.open(args[0], os.O_RDONLY)
                    open(args[1] + "/opened", "w").close()
                    wait(args[1] + "/go")
                    """, mountpoint, directory);
            ProcessStatus.await(directory.resolve("opened"));
            Client.run("umount", "-l", mountpoint.toString()).ok();
            try (var second = ExportProcess.start(next, mountpoint)) {
                Files.createFile(directory.resolve("go"));
                client.await(Duration.ofSeconds(10)).ok();
                first.awaitGoodEnd();
                assertThat(Client.run("cat", second.mountpoint().toString()).text())
                        .isEqualTo("next");
            }
        }
    }
}
