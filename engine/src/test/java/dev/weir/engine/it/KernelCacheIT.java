package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.engine.BlockExportOptions;
import dev.weir.engine.RemoveMode;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.fuse.KernelCache;
import dev.weir.fuse.session.FuseStatistics;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clients that read through the kernel's page cache see what everybody else writes, at once. */
@MountRequired(programs = {"python3", "fio", "cmp", "qemu-img", "qemu-io"})
class KernelCacheIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;
    private Path other;

    @BeforeEach
    void createImage() throws Exception {
        image = directory.resolve("disk.raw");
        mountpoint = Files.createFile(directory.resolve("mnt.raw"));
        other = Files.createFile(directory.resolve("other.raw"));
        FuseMounts.watch(mountpoint);
        FuseMounts.watch(other);
        Client.shell("head -c 16M /dev/urandom >$1", image).ok();
    }

    private interface QmpTest {
        void run(QmpClient client) throws Exception;
    }

    /** With a daemon that exports one node twice, first with the cache. */
    private void twice(QmpTest test) {
        twice("driver=file,node-name=n,filename=" + image, test);
    }

    private void twice(String node, QmpTest test) {
        try (var daemon = DaemonProcess.start(directory, "--blockdev", node);
                var client = daemon.connect()) {
            export(client, "a", mountpoint, "on");
            export(client, "b", other, "off");
            test.run(client);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void export(QmpClient client, String id, Path at, String cache) {
        client.ask(
                "block-export-add",
                "'type':'fuse','id':'%s','node-name':'n','mountpoint':'%s','writable':true,'kernel-cache':'%s'",
                id,
                at,
                cache);
    }

    /** A writer of blocks, and a reader that looks at each as soon as it is written, while another one reads ahead. */
    private static final String WRITE_AND_LOOK = """
            import subprocess, random
            reader = os.open(args[0], os.O_RDONLY)
            writer = os.open(args[1], os.O_RDWR | (os.O_DIRECT if args[2] == "direct" else 0))
            load = subprocess.Popen(["sh", "-c", 'while :; do cat "$1" >/dev/null || exit; done', "sh", args[0]])
            block = mmap.mmap(-1, 4096)
            stale = 0
            try:
                for i in range(3000):
                    at = random.randrange(16 << 8) * 4096
                    os.pread(reader, 4096, at)
                    block[:] = i.to_bytes(4, "little") * 1024
                    assert os.pwrite(writer, block, at) == 4096
                    stale += os.pread(reader, 4096, at) != block[:]
            finally:
                load.kill()
                load.wait()
            print(stale)
            """;

    @Test
    void aReaderSeesWhatIsWrittenThroughTheSameMount() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--kernel-cache=on")) {
            assertThat(Client.python(WRITE_AND_LOOK, mountpoint, mountpoint, "direct")
                            .text())
                    .isEqualTo("0");
            assertThat(Client.python(WRITE_AND_LOOK, mountpoint, mountpoint, "buffered")
                            .text())
                    .isEqualTo("0");
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }

    @Test
    void aReaderSeesWhatIsWrittenThroughAnotherExportOfTheNode() {
        twice(client -> assertThat(Client.python(WRITE_AND_LOOK, mountpoint, other, "direct")
                        .text())
                .isEqualTo("0"));
    }

    /** The kernel by itself drops nothing after asynchronous writes, up to 6.18. */
    @Test
    void nothingIsStaleAfterManyWritesAtATimeWhileTheFileIsReadAhead() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--kernel-cache=on")) {
            Client load = Client.startShell("for i in $(seq 40); do cat $1 >/dev/null; done", mountpoint);
            Client.run(
                            "fio",
                            "--name=w",
                            "--filename=" + mountpoint,
                            "--rw=randwrite",
                            "--bs=4k",
                            "--size=16m",
                            "--direct=1",
                            "--ioengine=libaio",
                            "--iodepth=16",
                            "--time_based",
                            "--runtime=3")
                    .ok();
            load.await(LIMIT).ok();
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }

    @Test
    void aReaderSeesOtherLengthsHolesAndMappings() {
        twice(client ->
                assertThat(Client.python("""
                        reader = os.open(args[0], os.O_RDONLY)
                        writer = os.open(args[1], os.O_RDWR)
                        view = mmap.mmap(reader, 1 << 20, prot=mmap.PROT_READ)
                        seen = []
                        view[5000:5003], os.pread(reader, 100000, 0)
                        os.pwrite(writer, b"abc", 5000)
                        seen.append(view[5000:5003] == b"abc")
                        fallocate(writer, 3, 4096, 8192)
                        seen.append(os.pread(reader, 8192, 4096) == bytes(8192) and view[5000:5003] == bytes(3))
                        os.ftruncate(writer, 8000)
                        seen.append(len(os.pread(reader, 100000, 0)) == 8000)
                        os.ftruncate(writer, 50000)
                        seen.append(os.pread(reader, 100000, 8000) == bytes(42000))
                        os.pwrite(writer, b"tail", 49000)
                        seen.append(os.pread(reader, 4, 49000) == b"tail")
                        print(seen)
                        """, mountpoint, other).text()).isEqualTo("[True, True, True, True, True]"));
    }

    @Test
    void aReaderSeesWhatANodeHasBecome() {
        Path qcow2 = directory.resolve("overlay.qcow2");
        Client.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", image.toString(), "-F", "raw", qcow2.toString())
                .ok();
        Client.run("qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 64k", qcow2.toString())
                .ok();
        twice("driver=raw,node-name=n,file.driver=file,file.node-name=f,file.filename=" + image, client -> {
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            client.ask("blockdev-reopen", "'options':[{'driver':'raw','node-name':'n','file':'f','offset':4096}]");
            Client.shell("tail -c +4097 $1 | cmp - $2", image, mountpoint).ok();
            client.ask("blockdev-reopen", "'options':[{'driver':'raw','node-name':'n','file':'f'}]");
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            client.ask(
                    "blockdev-add",
                    "'driver':'qcow2','node-name':'o','backing':null," + "'file':{'driver':'file','filename':'%s'}",
                    qcow2);
            client.ask("blockdev-snapshot", "'node':'n','overlay':'o'");
            assertThat(Client.shell("tail -c +1048577 $1 | head -c 65536 | tr -d '\\007' | wc -c", mountpoint)
                            .text())
                    .isEqualTo("0");
        });
    }

    /** While nodes are reopened, pages wait for READs that wait for the end of a drain. */
    @Test
    void nobodyWaitsForEverWhereNodesAreReopenedUnderReadersAndWriters() {
        twice("driver=raw,node-name=n,file.driver=file,file.node-name=f,file.filename=" + image, client -> {
            Path stop = directory.resolve("stop");
            Client reading = Client.startShell("until test -e $2; do cat $1 >/dev/null; done", mountpoint, stop);
            Client writing = Client.startShell(
                    "until test -e $2; do dd if=/dev/urandom of=$1 bs=64k count=256 conv=notrunc status=none;"
                            + " done",
                    other,
                    stop);
            for (int i = 0; i < 100; i++) {
                client.ask(
                        "blockdev-reopen",
                        "'options':[{'driver':'raw','node-name':'n','file':'f','cache':{'direct':%s}}]",
                        i % 2 == 0);
            }
            Files.createFile(stop);
            reading.await(LIMIT).ok();
            writing.await(LIMIT).ok();
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        });
    }

    @Test
    void whatWasReadOnceIsNotReadAgain() {
        try (var embedded = EmbeddedExport.start(
                "file,filename=" + image, mountpoint, 1, options -> options.kernelCache(KernelCache.AUTO))) {
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            long read = embedded.export().statistics().bytes(FuseStatistics.Kind.READ);
            assertThat(read).isEqualTo(16 << 20);

            Client.run("cmp", image.toString(), mountpoint.toString()).ok();

            assertThat(embedded.export().statistics().bytes(FuseStatistics.Kind.READ))
                    .isEqualTo(read);
        }
    }

    /** Nobody is told of changes while only such mappings have pages. */
    @Test
    void pagesThatAMappingOfAWriterLeftAreNotReadByOthers() {
        twice(client -> assertThat(Client.python("""
                        fd = os.open(args[0], os.O_RDWR)
                        view = mmap.mmap(fd, 1 << 20)
                        view[5000]
                        other = os.open(args[1], os.O_RDWR)
                        os.pwrite(other, b"abc", 5000)
                        reader = os.open(args[0], os.O_RDONLY)
                        print(os.pread(reader, 3, 5000))
                        """, mountpoint, other).text()).isEqualTo("b'abc'"));
    }

    @Test
    void writersKeepTheirRules() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--kernel-cache=on")) {
            assertThat(Client.python("""
                                    reader = os.open(args[0], os.O_RDONLY)
                                    end = len(os.pread(reader, 1 << 20, 15 << 20)) + (15 << 20)
                                    fd = os.open(args[0], os.O_RDWR)
                                    print(attempt(os.pwrite, fd, b"x" * 100, end), attempt(os.pwrite, fd, b"x" * 100, end - 30),
                                          os.pread(reader, 100, end - 30) == b"x" * 30, os.fstat(reader).st_size == end,
                                          attempt(os.pwrite, reader, b"x", 0))
                                    """, mountpoint).text()).isEqualTo("ENOSPC 30 True True EBADF");
        }
    }

    private static final String STUCK_READ = """
            fd = os.open(args[0], os.O_RDONLY)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
            open(args[1], "w").close()
            data = attempt(os.pread, fd, 4096, 1 << 20)
            print(data if isinstance(data, str) else len(data))
            """;

    /** A page waits for a READ that does not end; who writes it elsewhere does not, and the export ends all the same. */
    @Test
    void aReadThatDoesNotEndHoldsUpNobodyForLong() {
        Path begun = directory.resolve("begun");
        try (var embedded = EmbeddedExport.start(
                "stuck,file.driver=file,file.filename=" + image,
                mountpoint,
                1,
                options -> options.kernelCache(KernelCache.ON).shutdownTimeout(Duration.ofSeconds(2)))) {
            embedded.engine()
                    .addExport(new BlockExportOptions(
                            "second",
                            embedded.node().nodeName(),
                            FuseExportOptions.at(other).writable(true).build()))
                    .block(LIMIT);
            Client reader = Client.startPython(STUCK_READ, mountpoint, begun);
            ProcessStatus.await(begun);
            ProcessStatus.sleep(Duration.ofMillis(300));
            String write = """
                    import time
                    fd = os.open(args[0], os.O_RDWR)
                    start = time.time()
                    os.pwrite(fd, b"x", 1 << 20)
                    first = time.time()
                    os.pwrite(fd, b"y", 1 << 20)
                    print(first - start < 3, time.time() - first < 1)
                    """;
            assertThat(Client.python(write, other).text()).isEqualTo("True True");
            embedded.engine().removeExport("second", RemoveMode.HARD).block(LIMIT);
            // The page may be dropped before its reader looks at it, who reads it again then.
            ProcessStatus.await("the read ends", LIMIT, () -> {
                StuckDriver.release();
                return !reader.isAlive();
            });
            assertThat(reader.await(LIMIT).text()).isEqualTo("4096");
            assertThat(Client.run("head", "-c", "1", mountpoint.toString()).exit())
                    .isZero();
        }
    }

    /** Who tells the kernel of the page waits for the READ, and holds the device open. */
    @Test
    void anExportEndsAlthoughAReadDoesNotAndThePageIsToBeDropped() {
        Path begun = directory.resolve("begun");
        try (var embedded = EmbeddedExport.start(
                "stuck,file.driver=file,file.filename=" + image,
                mountpoint,
                1,
                options -> options.kernelCache(KernelCache.ON).shutdownTimeout(Duration.ofSeconds(2)))) {
            var backend = embedded.engine()
                    .graph()
                    .attach(embedded.node(), Permissions.WRITE.sharingAll())
                    .block(LIMIT);
            Client reader = Client.startPython(STUCK_READ, mountpoint, begun);
            ProcessStatus.await(begun);
            ProcessStatus.sleep(Duration.ofMillis(300));
            backend.write(1 << 20, ByteBuffer.allocateDirect(512), WriteFlag.NONE)
                    .block(Duration.ofSeconds(3));
            backend.close().block(LIMIT);

            assertThatThrownBy(() -> embedded.engine()
                            .removeExport("export", RemoveMode.HARD)
                            .block(LIMIT))
                    .hasMessageContaining("did not end");

            assertThat(reader.await(Duration.ofSeconds(5)).text()).isIn("ECONNABORTED", "ENOTCONN", "EIO");
            assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
            StuckDriver.release();
        }
    }

    @Test
    void aKilledExportIsRecoveredAlthoughItsPagesWereCached() throws Exception {
        try (var killed = ExportProcess.start(image, mountpoint, "--kernel-cache=on")) {
            Client load = Client.startShell("while cat $1 >/dev/null 2>&1; do :; done", mountpoint);
            ProcessStatus.sleep(Duration.ofMillis(300));
            killed.kill();
            load.await(LIMIT);
            try (var next =
                    ExportProcess.of(image, mountpoint, "--kernel-cache=on").launch()) {
                ProcessStatus.await(
                        "the export answers",
                        LIMIT,
                        () -> Client.run("cmp", image.toString(), mountpoint.toString())
                                        .exit()
                                == 0);
                assertThat(next.stop()).isZero();
            }
        }
    }

    @Test
    void anExportEndsWhileItIsReadAhead() {
        try (var export = ExportProcess.start(image, mountpoint, "--kernel-cache=on")) {
            Client load = Client.startShell("while test -s $1 && cat $1 >/dev/null 2>&1; do :; done", mountpoint);
            ProcessStatus.sleep(Duration.ofMillis(300));
            export.stop();
            load.await(LIMIT);
            assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        }
    }

    @Test
    void theKernelReadsAheadAsFarAsTheBudgetAllows() throws Exception {
        try (var export = ExportProcess.start(image, mountpoint, "--kernel-cache=on")) {
            // It is mounted a moment before that is set.
            ProcessStatus.await("reads ahead", LIMIT, () -> readAhead().equals("4096"));
        }
        try (var export = ExportProcess.start(image, mountpoint, "--kernel-cache=on", "--max-in-flight-bytes=2M")) {
            assertThat(readAhead()).isEqualTo("128");
        }
        try (var export = ExportProcess.start(image, mountpoint)) {
            assertThat(readAhead()).isEqualTo("128");
        }
    }

    private String readAhead() {
        try {
            return readAheadNow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String readAheadNow() throws IOException {
        String number = Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                .map(line -> line.split(" "))
                .filter(fields -> fields[4].equals(mountpoint.toString()))
                .map(fields -> fields[2])
                .findFirst()
                .orElseThrow();
        return Files.readString(Path.of("/sys/class/bdi", number, "read_ahead_kb"))
                .strip();
    }
}
