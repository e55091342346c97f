package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The process is told to end. */
@MountRequired(programs = {"fio", "python3"})
class SignalIT {
    /** Writes numbered blocks until one fails, and counts those that did not. */
    private static final String WRITE_UNTIL_ERROR = """
            fd = os.open(args[0], os.O_RDWR)
            count = 0
            try:
                while True:
                    os.pwrite(fd, struct.pack("<Q", count + 1) * 512, count % 4096 * 4096)
                    count += 1
                    if count == 1:
                        open(args[1], "w").close()
            except OSError as e:
                print(count, errno.errorcode[e.errno])
            """;

    /** That the last 4096 of {@code args[1]} blocks are there. */
    private static final String CHECK_BLOCKS = """
            fd = os.open(args[0], os.O_RDONLY)
            count = int(args[1])
            for i in range(max(0, count - 4096), count):
                assert os.pread(fd, 4096, i % 4096 * 4096) == struct.pack("<Q", i + 1) * 512, i
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
    @ValueSource(strings = {"TERM", "INT", "HUP"})
    void endsAnIdleExport(String signal) throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            Client.shell("printf written | dd of=$1 conv=notrunc status=none", mountpoint)
                    .ok();
            ProcessStatus.signal(export.pid(), signal);
            assertEndedWell(export);
        }
        assertThat(Client.run("head", "-c", "7", image.toString()).text()).isEqualTo("written");
    }

    private void assertEndedWell(ExportProcess export) {
        assertThat(export.awaitExit()).as(export.stderr()).isZero();
        assertThat(export.stderr()).isEmpty();
        assertThat(export.stdout()).isEmpty();
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        assertThat(mountpoint).doesNotExist();
    }

    @Test
    void clientsThatHaveTheFileOpenGetErrors() throws Exception {
        Path opened = directory.resolve("opened");
        Path go = directory.resolve("go");
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            var client = Client.startPython("""
                    fd = os.open(args[0], os.O_RDWR)
                    open(args[1], "w").close()
                    while not os.path.exists(args[2]):
                        time.sleep(0.01)
                    print(attempt(os.pread, fd, 1, 0), attempt(os.pwrite, fd, b"1", 0), attempt(os.fsync, fd),
                          attempt(os.close, fd))
                    """, mountpoint, opened, go);
            ProcessStatus.await(opened);
            export.stop();
            assertEndedWell(export);
            Files.createFile(go);
            assertThat(client.await(Duration.ofSeconds(10)).text()).isEqualTo("ENOTCONN ENOTCONN ENOTCONN ENOTCONN");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void whatWasWrittenBeforeIsThere(String ioThreads) throws Exception {
        Path begun = directory.resolve("begun");
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--iothreads", ioThreads)) {
            var client = Client.startPython(WRITE_UNTIL_ERROR, mountpoint, begun);
            ProcessStatus.await(begun);
            ProcessStatus.sleep(Duration.ofMillis(300));
            ProcessStatus.signal(export.pid(), "TERM");
            String[] result = client.await(Duration.ofSeconds(10)).text().split(" ");
            assertEndedWell(export);
            assertThat(result[1]).isIn("ENOTCONN", "ECONNABORTED");
            assertThat(Integer.parseInt(result[0])).isPositive();
            Client.python(CHECK_BLOCKS, image, result[0]).ok();
        }
    }

    /** Without a number, a second loop comes in while the load lasts. */
    @ParameterizedTest
    @ValueSource(strings = {"--iothreads=2", "--format=raw"})
    void underHeavyLoad(String option) throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", option)) {
            var load = Client.start(
                    "fio",
                    "--name=load",
                    "--filename=" + mountpoint,
                    "--rw=randrw",
                    "--bsrange=4k-1M",
                    "--size=16M",
                    "--time_based",
                    "--runtime=30",
                    "--ioengine=libaio",
                    "--iodepth=32",
                    "--numjobs=4",
                    "--direct=1",
                    "--allow_file_create=0");
            ProcessStatus.sleep(Duration.ofSeconds(1));
            ProcessStatus.signal(export.pid(), "TERM");
            ProcessStatus.signal(export.pid(), "TERM");
            assertEndedWell(export);
            assertThat(load.await(Duration.ofSeconds(20)).exit()).isNotZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"open", "closed"})
    void whatClientsChangedThroughMappingsIsThere(String descriptor) throws Exception {
        Path mapped = directory.resolve("mapped");
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            var client = Client.startPython("""
                    fd = os.open(args[0], os.O_RDWR)
                    memory = mmap.mmap(fd, 16 << 20, mmap.MAP_SHARED)
                    if args[2] == "closed":
                        os.close(fd)
                    for i in range(0, 16 << 20, 4096):
                        memory[i:i + 6] = b"mapped"
                    open(args[1], "w").close()
                    time.sleep(60)
                    """, mountpoint, mapped, descriptor);
            ProcessStatus.await(mapped);
            export.stop();
            assertEndedWell(export);
            client.kill().await(Duration.ofSeconds(5));
        }
        Client.python("""
                        fd = os.open(args[0], os.O_RDONLY)
                        for i in range(0, 16 << 20, 4096):
                            assert os.pread(fd, 6, i) == b"mapped", i
                        """, image).ok();
    }
}
