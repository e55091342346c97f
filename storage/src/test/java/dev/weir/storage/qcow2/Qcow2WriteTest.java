package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.testing.AioLoop;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Qcow2WriteTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    @TempDir
    private Path dir;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cluster_size=64k",
                "compat=0.10",
                "cluster_size=512",
                "cluster_size=2M",
                "extended_l2=on",
                "refcount_bits=1",
                "refcount_bits=64,cluster_size=512",
                "refcount_bits=2,cluster_size=4k",
                "preallocation=metadata",
                "preallocation=metadata,extended_l2=on",
            })
    void qemuReadsWhatWasWritten(String options) throws Exception {
        qemuReadsWhatWasWritten(options, new Asking("threads", null));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=64k", "cluster_size=512", "extended_l2=on"})
    void qemuReadsWhatALoopHasWrittenThroughItsRing(String options) throws Exception {
        try (var loop = new AioLoop()) {
            qemuReadsWhatWasWritten(options, new Asking("io_uring", loop));
        }
    }

    private record Asking(String aio, @Nullable AioLoop loop) {
        BlockBackend used(BlockBackend backend) {
            return loop == null ? backend : loop.on(backend);
        }
    }

    private void qemuReadsWhatWasWritten(String options, Asking asking) throws Exception {
        Path image = dir.resolve("image.qcow2");
        int size = 7 << 20;
        qemu("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, image.toString(), Integer.toString(size));
        byte[] model = new byte[size];
        var random = new Random(11);
        for (int round = 0; round < 3; round++) {
            model = use(image, model, random, asking);
            Path expected = dir.resolve("expected.raw");
            Files.write(expected, model);
            qemu("qemu-img", "check", "-q", image.toString());
            qemu("qemu-img", "compare", "-q", "-f", "raw", "-F", "qcow2", expected.toString(), image.toString());
        }
    }

    private static byte[] use(Path image, byte[] before, Random random, Asking asking) {
        BlockGraph graph = BlockGraph.builder().build();
        byte[] model = before;
        try {
            BlockBackend backend = graph.add(NodeOptions.driver("qcow2")
                            .set("discard", "unmap")
                            .set(
                                    "file",
                                    NodeOptions.driver("file")
                                            .set("filename", image.toString())
                                            .set("aio", asking.aio())
                                            .build())
                            .build())
                    .flatMap(node -> graph.attach(node, Permissions.WRITE))
                    .map(asking::used)
                    .block(DEADLINE);
            for (int i = 0; i < 300; i++) {
                int offset = random.nextInt(model.length);
                int length = 1 + random.nextInt(Math.min(random.nextBoolean() ? 5000 : 300_000, model.length - offset));
                switch (random.nextInt(10)) {
                    case 0 -> {
                        backend.writeZeroes(
                                        offset, length, random.nextBoolean() ? Set.of(WriteFlag.MAY_UNMAP) : Set.of())
                                .block(DEADLINE);
                        Arrays.fill(model, offset, offset + length, (byte) 0);
                    }
                    case 1 -> {
                        backend.discard(offset, length).block(DEADLINE);
                        ByteBuffer after = ByteBuffer.allocateDirect(length);
                        backend.read(offset, after).block(DEADLINE);
                        after.clear().get(model, offset, length);
                    }
                    case 2 -> backend.flush().block(DEADLINE);
                    case 3 -> {
                        int changed = (6 << 20) + random.nextInt(4000) * 512;
                        backend.truncate(changed, PreallocMode.OFF).block(DEADLINE);
                        model = Arrays.copyOf(model, changed);
                    }
                    default -> {
                        byte[] bytes = new byte[length];
                        random.nextBytes(bytes);
                        backend.write(
                                        offset,
                                        ByteBuffer.allocateDirect(length)
                                                .put(bytes)
                                                .flip(),
                                        WriteFlag.NONE)
                                .block(DEADLINE);
                        System.arraycopy(bytes, 0, model, offset, length);
                    }
                }
            }
            ByteBuffer all = ByteBuffer.allocateDirect(model.length);
            backend.read(0, all).block(DEADLINE);
            assertThat(all.clear().mismatch(ByteBuffer.wrap(model))).isEqualTo(-1);
        } finally {
            graph.close().block(DEADLINE);
        }
        return model;
    }

    @Test
    void whatIsDiscardedLeavesTheDataFile() throws Exception {
        Path image = dir.resolve("image.qcow2");
        Path data = dir.resolve("data");
        qemu("qemu-img", "create", "-q", "-f", "qcow2", "-o", "data_file=" + data, image.toString(), "4M");
        BlockGraph graph = BlockGraph.builder().build();
        try {
            var options = "qcow2,discard=unmap,file.driver=file,file.filename=" + image
                    + ",data-file.driver=file,data-file.node-name=data,data-file.filename=" + data;
            BlockBackend backend = graph.add(NodeOptions.parse(options))
                    .flatMap(node -> graph.attach(node, Permissions.WRITE))
                    .block(DEADLINE);
            ByteBuffer ones = ByteBuffer.allocateDirect(1 << 20);
            for (int i = 0; i < ones.capacity(); i++) {
                ones.put(i, (byte) 1);
            }
            backend.write(0, ones, WriteFlag.NONE).block(DEADLINE);
            backend.flush().block(DEADLINE);
            long before = graph.node("data").allocatedBytes().block(DEADLINE);
            backend.discard(0, 1 << 20).block(DEADLINE);
            assertThat(graph.node("data").allocatedBytes().block(DEADLINE)).isLessThanOrEqualTo(before - (1 << 20));
        } finally {
            graph.close().block(DEADLINE);
        }
        qemu("qemu-img", "check", "-q", image.toString());
    }

    @Test
    void whoReadsSeesWhatAWriterThatCameLaterHasWritten() throws Exception {
        Path image = dir.resolve("image.qcow2");
        qemu("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "1M");
        qemu("qemu-io", "-f", "qcow2", image.toString(), "-c", "write -q -P 1 0 64k");
        BlockGraph graph = BlockGraph.builder().build();
        try {
            var node = graph.add(NodeOptions.parse("qcow2,file.driver=file,file.filename=" + image))
                    .block(DEADLINE);
            BlockBackend reader =
                    graph.attach(node, Permissions.READ.sharingAll()).block(DEADLINE);
            assertThat(first(reader)).isEqualTo((byte) 1);
            BlockBackend writer =
                    graph.attach(node, Permissions.WRITE.sharingAll()).block(DEADLINE);
            writer.write(0, ByteBuffer.allocateDirect(512).put(0, (byte) 2), WriteFlag.NONE)
                    .block(DEADLINE);
            writer.write(512 << 10, ByteBuffer.allocateDirect(512), WriteFlag.NONE)
                    .block(DEADLINE);
            assertThat(first(reader)).isEqualTo((byte) 2);
            writer.close().block(DEADLINE);
            assertThat(first(reader)).isEqualTo((byte) 2);
        } finally {
            graph.close().block(DEADLINE);
        }
        qemu("qemu-img", "check", "-q", image.toString());
    }

    private static byte first(BlockBackend backend) {
        ByteBuffer sector = ByteBuffer.allocateDirect(512);
        backend.read(0, sector).block(DEADLINE);
        return sector.get(0);
    }

    private static void qemu(String... command) throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/bin/qemu-img")), "qemu-img is missing");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .inheritIO()
                .start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }
}
