package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.graph.BlockGraph;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Qcow2ReadTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    @TempDir
    private Path dir;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compat=0.10",
                "cluster_size=512",
                "cluster_size=2M",
                "extended_l2=on",
                "refcount_bits=1",
                "refcount_bits=64,cluster_size=4k",
                "preallocation=metadata",
            })
    void readsWhatQemuWrote(String options) throws Exception {
        Path image = dir.resolve("image.qcow2");
        qemu("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, image.toString(), "7M");
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", "qcow2", image.toString()));
        var random = new Random(7);
        for (int i = 0; i < 40; i++) {
            long offset = random.nextInt(7 << 11) * 512L;
            long length = Math.min((7 << 20) - offset, (1 + random.nextInt(200)) * 512L);
            String how = i % 5 == 4 && !options.contains("0.10") ? "write -z " : "write -P " + (i + 1) + " ";
            command.add("-c");
            command.add(how + offset + " " + length);
        }
        qemu(command.toArray(String[]::new));
        assertReadsAsQemu(image);
    }

    @ParameterizedTest
    @ValueSource(strings = {"zlib", "zstd"})
    void readsCompressedClusters(String type) throws Exception {
        Path raw = dir.resolve("raw");
        var random = new Random(3);
        byte[] bytes = new byte[3 << 20];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i >> 14 == 5 ? 0 : random.nextInt(4));
        }
        Files.write(raw, bytes);
        Path image = dir.resolve("image.qcow2");
        qemu(
                "qemu-img",
                "convert",
                "-c",
                "-f",
                "raw",
                "-O",
                "qcow2",
                "-o",
                "compression_type=" + type,
                raw.toString(),
                image.toString());
        assertReadsAsQemu(image);
    }

    @Test
    void readsThroughToBackingFiles() throws Exception {
        Path base = dir.resolve("base.raw");
        byte[] bytes = new byte[1_000_000];
        new Random(1).nextBytes(bytes);
        Files.write(base, bytes);
        Path image = dir.resolve("image.qcow2");
        qemu("qemu-img", "create", "-q", "-f", "qcow2", "-b", base.toString(), "-F", "raw", image.toString(), "2M");
        qemu("qemu-io", "-f", "qcow2", image.toString(), "-c", "write -P 9 70000 512", "-c", "write -z 300000 100000");
        assertReadsAsQemu(image);
    }

    @Test
    void readsTheRestOfAnImageWithATableBeyondAnyFile() throws Exception {
        Path image = dir.resolve("image.qcow2");
        qemu("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "1G");
        qemu("qemu-io", "-f", "qcow2", image.toString(), "-c", "write -P 9 0 64k");
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.seek(40);
            long l1 = file.readLong();
            file.seek(l1 + 8);
            file.writeLong(0x00ff_ffff_ffff_0000L);
        }
        BlockGraph graph = BlockGraph.builder().build();
        try {
            NodeOptions file =
                    NodeOptions.driver("file").set("filename", image.toString()).build();
            BlockBackend backend = graph.add(NodeOptions.driver("qcow2")
                            .set("read-only", true)
                            .set("file", file)
                            .build())
                    .flatMap(node -> graph.attach(node, Permissions.READ))
                    .block(DEADLINE);
            ByteBuffer bytes = ByteBuffer.allocateDirect(512);
            backend.read(4096, bytes).block(DEADLINE);
            assertThat(bytes.get(0)).isEqualTo((byte) 9);
        } finally {
            graph.close().block(DEADLINE);
        }
    }

    private void assertReadsAsQemu(Path image) throws Exception {
        Path expected = dir.resolve("expected.raw");
        qemu("qemu-img", "convert", "-O", "raw", image.toString(), expected.toString());
        byte[] bytes = Files.readAllBytes(expected);
        BlockGraph graph = BlockGraph.builder()
                .implicitOpenPolicy((node, name, format) -> true)
                .build();
        try {
            BlockBackend backend = graph.add(NodeOptions.driver("qcow2")
                            .set("read-only", true)
                            .set(
                                    "file",
                                    NodeOptions.driver("file")
                                            .set("filename", image.toString())
                                            .build())
                            .build())
                    .flatMap(node -> graph.attach(node, Permissions.READ))
                    .block(DEADLINE);
            assertThat(backend.length()).isEqualTo(bytes.length);
            var random = new Random(5);
            compare(backend, bytes, 0, bytes.length);
            for (int i = 0; i < 300; i++) {
                int offset = random.nextInt(bytes.length);
                compare(backend, bytes, offset, 1 + random.nextInt(Math.min(200_000, bytes.length - offset)));
            }
            for (long at = 0; at < bytes.length; ) {
                var extent = backend.blockStatus(at, bytes.length - at).block(DEADLINE);
                for (long i = at; extent.zero() && i < extent.end(); i++) {
                    assertThat(bytes[(int) i]).isZero();
                }
                at = extent.end();
            }
        } finally {
            graph.close().block(DEADLINE);
        }
    }

    private static void compare(BlockBackend backend, byte[] bytes, int offset, int length) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(length);
        backend.read(offset, buffer).block(DEADLINE);
        assertThat(buffer.clear()
                        .mismatch(ByteBuffer.wrap(bytes, offset, length).slice()))
                .isEqualTo(-1);
    }

    private static void qemu(String... command) throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/bin/qemu-img")), "qemu-img is missing");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }
}
