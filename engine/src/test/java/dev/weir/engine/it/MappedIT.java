package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that map the file into memory, shared. */
@MountRequired(programs = {"cmp", "python3"})
class MappedIT {
    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.shell("head -c 1000003 /dev/urandom >$1", image).ok();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--format=raw", "--cache-direct", "--growable"})
    void whatWasWrittenToAMappingIsInTheImageOnceItIsSynced(String option) {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", option)) {
            assertThat(Client.python("""
                                    fd = os.open(args[0], os.O_RDWR)
                                    image = os.open(args[1], os.O_RDONLY)
                                    view = mmap.mmap(fd, 0)
                                    view[999990:1000003] = b"the very tail"
                                    view[4090:4100] = b"0123456789"
                                    view.flush()
                                    print(os.pread(image, 100, 999990), os.pread(image, 10, 4090))
                                    view[5:8] = b"abc"
                                    view.close()
                                    os.fsync(fd)
                                    print(os.pread(image, 3, 5), os.fstat(fd).st_size)
                                    """, mountpoint, image).text()).isEqualTo("""
                            b'the very tail' b'0123456789'
                            b'abc' 1000003""");
        }
        assertThat(Client.run("stat", "-c", "%s", image.toString()).number()).isEqualTo(1_000_003);
    }

    @Test
    void whatWasNotSyncedIsWrittenWhenTheFileIsClosed() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            Client.python("""
                            fd = os.open(args[0], os.O_RDWR)
                            view = mmap.mmap(fd, 0)
                            for at in range(0, 1000003, 1000):
                                view[at] = 7
                            """, mountpoint).ok();
            assertThat(Client.python(
                                    "d = open(args[0], 'rb').read(); print(all(d[at] == 7 for at in range(0, 1000003, 1000)))",
                                    image)
                            .text())
                    .isEqualTo("True");
        }
    }

    @Test
    void mappingsAndWritesSeeEachOther() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(Client.python("""
                                    fd = os.open(args[0], os.O_RDWR)
                                    direct = os.open(args[0], os.O_RDWR | os.O_DIRECT)
                                    view = mmap.mmap(fd, 0)
                                    seen = []
                                    for i in range(50):
                                        at = i * 19997
                                        os.pwrite(fd if i % 2 else direct, bytes([i]) * 30, at)
                                        seen += [view[at:at + 30] == bytes([i]) * 30]
                                        view[at + 10:at + 20] = bytes([i + 1]) * 10
                                        seen += [os.pread(fd, 30, at)[8:12] == bytes([i, i, i + 1, i + 1])]
                                        seen += [os.pread(direct, 30, at)[18:22] == bytes([i + 1, i + 1, i, i])]
                                    print(len(seen), all(seen))
                                    """, mountpoint).text()).isEqualTo("150 True");
            Client.run("cmp", mountpoint.toString(), image.toString()).ok();
        }
    }

    @Test
    void twoProcessesShareAMapping() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(Client.python("""
                                    child = os.fork()
                                    view = mmap.mmap(os.open(args[0], os.O_RDWR), 0)
                                    if child == 0:
                                        for i in range(3, 500000, 4096):
                                            view[i] = 1
                                        os._exit(0)
                                    os.waitpid(child, 0)
                                    print(sum(view[i] == 1 for i in range(3, 500000, 4096)), len(range(3, 500000, 4096)))
                                    """, mountpoint).text()).isEqualTo("123 123");
        }
    }

    @Test
    void anExportEndsWhileAClientStillMapsIt() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            Client client = Client.startPython("""
                    view = mmap.mmap(os.open(args[0], os.O_RDWR), 0)
                    for at in range(0, 1000003, 4096):
                        view[at] = 9
                    view.flush()
                    open(args[1], "w").close()
                    time.sleep(60)
                    """, mountpoint, directory.resolve("ready"));
            Client.shell("until test -e $1; do sleep 0.05; done", directory.resolve("ready"))
                    .ok();
            assertThat(export.stop()).as(export.stderr()).isZero();
            assertThat(client.kill().await(Duration.ofSeconds(10)).exit()).isNotZero();
        }
        assertThat(Client.python(
                                "d = open(args[0], 'rb').read(); print(all(d[at] == 9 for at in range(0, 1000003, 4096)))",
                                image)
                        .text())
                .isEqualTo("True");
    }
}
