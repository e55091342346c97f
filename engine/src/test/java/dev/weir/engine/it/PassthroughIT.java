package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.engine.BlockExportOptions;
import dev.weir.engine.RemoveMode;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.fuse.Passthrough;
import dev.weir.fuse.session.FuseStatistics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that the kernel serves from the image's file, and others beside them. */
@MountRequired(programs = {"python3", "cmp", "dd", "fio"})
class PassthroughIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int LENGTH = 16 << 20;

    /** The build directory: temporary files may be in memory. */
    @TempDir(factory = OnDisk.class)
    Path directory;

    private Path image;
    private Path mountpoint;

    static final class OnDisk implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext context) throws IOException {
            return Files.createTempDirectory(Path.of("target").toAbsolutePath(), "passthrough");
        }
    }

    @BeforeEach
    void createImage() throws Exception {
        create(directory);
    }

    private void create(Path where) throws Exception {
        image = where.resolve("disk.raw");
        mountpoint = Files.createFile(where.resolve("mnt.raw"));
        FuseMounts.watch(mountpoint);
        Client.shell("head -c 16M /dev/urandom >$1", image).ok();
    }

    @AfterEach
    void nothingIsMounted() {
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
    }

    private EmbeddedExport start(String more) {
        return EmbeddedExport.start(
                "raw,node-name=n,file.driver=file,file.node-name=f,file.filename=" + image + more,
                mountpoint,
                1,
                options -> options.passthrough(Passthrough.ON));
    }

    private static long readBytes(EmbeddedExport embedded) {
        return embedded.export().statistics().bytes(FuseStatistics.Kind.READ);
    }

    private void assertKernelReads() {
        try (var embedded = start("")) {
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            Client.shell("dd if=$1 bs=64k status=none | cmp - $2", mountpoint, image)
                    .ok();
            assertThat(readBytes(embedded)).isZero();

            Client.shell("dd if=$1 bs=64k iflag=direct status=none | cmp - $2", mountpoint, image)
                    .ok();
            assertThat(readBytes(embedded)).isEqualTo(LENGTH);
        }
        try (var embedded = start(",cache.direct=on")) {
            Client.shell("dd if=$1 bs=64k iflag=direct status=none | cmp - $2", mountpoint, image)
                    .ok();
            assertThat(readBytes(embedded)).isZero();

            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            assertThat(readBytes(embedded)).isEqualTo(LENGTH);
        }
    }

    @Test
    void whoReadsAsTheNodeDoesIsServedByTheKernel() {
        assertKernelReads();
    }

    @Test
    void soItIsWithAnImageInMemory() throws Exception {
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "no /dev/shm");
        Path there = Files.createTempDirectory(memory, "weir-passthrough");
        try {
            create(there);
            assertKernelReads();
        } finally {
            Client.run("rm", "-r", there.toString()).ok();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",cache.direct=on"})
    void everybodySeesWhatWritersDoWhoAreServedAsEver(String more) {
        String direct = more.isEmpty() ? "0" : "1";
        try (var embedded = start(more)) {
            assertThat(Client.python("""
                                    flags = os.O_DIRECT if args[1] == "1" else 0
                                    early = os.open(args[0], os.O_RDWR)
                                    view = mmap.mmap(early, 1 << 20)
                                    reader = os.open(args[0], os.O_RDONLY | flags)
                                    block = mmap.mmap(-1, 4096)
                                    def look(at):
                                        os.preadv(reader, [block], at)
                                        return block[:3]
                                    end = os.fstat(reader).st_size
                                    look(0)
                                    writer = os.open(args[0], os.O_RDWR | flags)
                                    other = mmap.mmap(-1, 4096)
                                    other[:3] = b"abc"
                                    seen = [os.pwrite(writer, other, 8192), look(8192)]
                                    seen.append(os.pwrite(early, b"def", 20480))
                                    seen.append(look(20480))
                                    view[40960:40963] = b"ghi"
                                    view.flush()
                                    seen.append(look(40960))
                                    seen.append(attempt(os.pwrite, writer, other, end))
                                    seen.append(attempt(os.pwrite, reader, other, 0))
                                    os.ftruncate(writer, 4096)
                                    seen.append(os.preadv(reader, [block], 4096))
                                    print(*seen)
                                    """, mountpoint, direct).text())
                    .isEqualTo("4096 b'abc' 3 b'def' b'ghi' ENOSPC EBADF 0");
            assertThat(embedded.export().statistics().bytes(FuseStatistics.Kind.WRITE))
                    .isEqualTo(4099);
            assertThat(readBytes(embedded)).isZero();
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }

    @Test
    void aReaderAtWorkSeesAllThatWasWritten() {
        try (var embedded = start(",cache.direct=on")) {
            Client reading = Client.startShell(
                    "fio --name=r --filename=$1 --readonly --direct=1 --rw=randread --bs=4k --size=16m --ioengine=libaio"
                            + " --iodepth=16 --time_based --runtime=3",
                    mountpoint);
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
                            "--verify=crc32c")
                    .ok();
            reading.await(LIMIT).ok();
            assertThat(embedded.export().statistics().bytes(FuseStatistics.Kind.WRITE))
                    .isGreaterThanOrEqualTo(LENGTH);
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {",offset=4096", ",size=8388608", ",probed=on"})
    void otherNodesAreServedAsEver(String more) {
        try (var embedded = start(more)) {
            Client.run("cat", mountpoint.toString()).ok();
            assertThat(readBytes(embedded))
                    .isPositive()
                    .isEqualTo(embedded.node().length());
        }
    }

    @Test
    void anExportEndsWithAHandleOpenThatStaysReadable() {
        Path opened = directory.resolve("opened");
        Path ended = directory.resolve("ended");
        Client reader;
        try (var embedded = start("")) {
            reader = Client.startPython("""
                    import time
                    fd = os.open(args[0], os.O_RDONLY)
                    open(args[1], "w").close()
                    while not os.path.exists(args[2]):
                        time.sleep(0.02)
                    print(len(os.pread(fd, 4096, 4096)))
                    """, mountpoint, opened, ended);
            ProcessStatus.await(opened);

            embedded.engine().removeExport("export", RemoveMode.HARD).block(LIMIT);

            assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
            embedded.engine()
                    .addExport(new BlockExportOptions(
                            "again",
                            "n",
                            FuseExportOptions.at(mountpoint)
                                    .passthrough(Passthrough.ON)
                                    .build()))
                    .block(LIMIT);
            Client.run("touch", ended.toString()).ok();
            assertThat(reader.await(LIMIT).text()).isEqualTo("4096");
            embedded.engine().removeExport("again", RemoveMode.HARD).block(LIMIT);
        }
    }

    @Test
    void aNodeThatTheKernelReadsStaysWhatItIsUntilTheExportEnds() throws Exception {
        String node = "driver=raw,node-name=n,file.driver=file,file.node-name=f,file.filename=" + image;
        try (var daemon = DaemonProcess.start(directory, "--blockdev", node);
                var client = daemon.connect()) {
            client.ask(
                    "block-export-add",
                    "'type':'fuse','id':'a','node-name':'n','mountpoint':'%s','passthrough':'auto'",
                    mountpoint);
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            String window = "'options':[{'driver':'raw','node-name':'n','file':'f','offset':4096}]";
            assertThat(client.refused("blockdev-reopen", window))
                    .isEqualTo("Node 'n' is busy: the kernel reads its file directly (passthrough)");
            assertThat(client.refused(
                            "block-export-add",
                            "'type':'fuse','id':'b','node-name':'n','mountpoint':'%s','passthrough':'auto',"
                                    + "'kernel-cache':'on'",
                            directory.resolve("other")))
                    .isEqualTo("passthrough=auto and kernel-cache=on exclude each other");

            client.ask("block-export-del", "'id':'a','mode':'hard'");
            ProcessStatus.await("the export ends", LIMIT, () -> !FuseMounts.isMounted(mountpoint));
            client.ask("blockdev-reopen", window);
        }
    }
}
