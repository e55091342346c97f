package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.Extent;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.testing.QemuImg;
import dev.weir.testing.QemuIo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Images that QEMU made, with all their options, and QEMU's tools on what Weir has written to them. */
class Qcow2MatrixTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final int IMAGES = 70;
    private static final Pattern MAP = Pattern.compile("\"start\": (\\d+), \"length\": (\\d+), \"depth\": \\d+, "
            + "(?:\"present\": \\w+, )?\"zero\": (\\w+), \"data\": (\\w+)");

    @TempDir
    Path dir;

    @BeforeAll
    static void assumeQemu() {
        QemuImg.assumeInstalled();
    }

    /** A part of all combinations, and all of them where there is time. */
    static Stream<String> images() {
        List<String> all = new ArrayList<>();
        for (String base : List.of("compat=0.10", "compat=1.1")) {
            for (String cluster : List.of("512", "4k", "16k", "64k", "2M")) {
                for (String refcount : List.of("", "refcount_bits=1", "refcount_bits=4", "refcount_bits=64")) {
                    for (String layout : List.of(
                            "",
                            "extended_l2=on",
                            "data_file=data.raw",
                            "data_file=data.raw data_file_raw=on",
                            "extended_l2=on data_file=data.raw",
                            "compressed compression_type=zlib",
                            "compressed compression_type=zstd",
                            "compressed compression_type=zstd extended_l2=on",
                            "preallocation=metadata",
                            "lazy_refcounts=on")) {
                        for (String below : List.of("", "backing=700", "backing=1200", "backing=900 chain")) {
                            for (String contents : List.of("", "filled", "snapshots")) {
                                String shape = String.join(
                                        " ",
                                        "size=1023",
                                        base,
                                        "cluster_size=" + cluster,
                                        refcount,
                                        layout,
                                        below,
                                        contents);
                                if (possible(shape)) {
                                    all.add(shape.replaceAll(" +", " ").trim());
                                }
                            }
                        }
                    }
                }
            }
        }
        Collections.shuffle(all, new Random(Long.getLong("weir.qcow2.seed", 5)));
        return all.stream().limit(Boolean.getBoolean("weir.it.long") ? Integer.MAX_VALUE : IMAGES);
    }

    private static boolean possible(String text) {
        var shape = new TestImage.Shape(text);
        boolean old = shape.version2()
                && (text.contains("refcount_bits")
                        || text.contains("extended")
                        || text.contains("data_file")
                        || text.contains("zstd")
                        || text.contains("lazy"));
        boolean extended = text.contains("extended") && shape.clusterSize() < 16 << 10;
        boolean backing = shape.backing() > 0
                && (shape.has("compressed") || text.contains("raw=on") || text.contains("preallocation"));
        boolean snapshots = shape.has("snapshots")
                && (text.contains("data_file")
                        || text.contains("refcount_bits=1")
                        || text.contains("lazy")
                        || shape.has("compressed"));
        boolean lazy = text.contains("lazy") && text.contains("refcount_bits=1");
        return !(old || extended || backing || snapshots || lazy);
    }

    @ParameterizedTest
    @MethodSource("images")
    void weirAndQemuAgree(String text) throws IOException {
        var shape = new TestImage.Shape(text);
        TestImage image = TestImage.create(shape, dir);
        var random = new Random(text.hashCode());
        byte[] contents = image.contents();
        try (var disk = new Disk(dir, shape, false)) {
            disk.requireContents(contents);
            for (int i = 0; i < 20; i++) {
                int from = random.nextInt(contents.length);
                int length = 1 + random.nextInt(Math.min(contents.length - from, 40_000));
                assertThat(disk.read(from, length)).isEqualTo(Arrays.copyOfRange(contents, from, from + length));
            }
            assertThat(disk.map()).isEqualTo(qemuMap());
        }
        try (var disk = new Disk(dir, shape, true)) {
            contents = change(disk, contents, random);
            disk.requireContents(contents);
        }
        requireQemuAgrees(contents);
        try (var disk = new Disk(dir, shape, false)) {
            disk.requireContents(contents);
            assertThat(disk.map()).isEqualTo(qemuMap());
        }
        QemuIo.run(dir.resolve("image.qcow2"), "qcow2", "write -P 77 4k 100k", "discard 0 512k", "write -z 600k 3k");
        QemuImg.run(dir, "convert", "-f", "qcow2", "-O", "raw", "image.qcow2", "contents.raw");
        try (var disk = new Disk(dir, shape, false)) {
            disk.requireContents(Files.readAllBytes(dir.resolve("contents.raw")));
        }
    }

    private static byte[] change(Disk disk, byte[] before, Random random) {
        byte[] contents = before.clone();
        for (int i = 1; i <= 60; i++) {
            int from = random.nextInt(contents.length);
            int most = Math.min(contents.length - from, i % 10 == 0 ? 400_000 : 9_000);
            int to = from + 1 + random.nextInt(most);
            switch (random.nextInt(4)) {
                case 0 -> {
                    boolean unmap = random.nextBoolean();
                    disk.backend
                            .writeZeroes(from, to - from, unmap ? Set.of(WriteFlag.MAY_UNMAP) : WriteFlag.NONE)
                            .block(DEADLINE);
                    Arrays.fill(contents, from, to, (byte) 0);
                }
                case 1 -> {
                    disk.backend.discard(from, to - from).block(DEADLINE);
                    System.arraycopy(disk.read(from, to - from), 0, contents, from, to - from);
                }
                default -> {
                    byte[] data = GuestOp.data(i, from, to - from);
                    ByteBuffer src = ByteBuffer.allocateDirect(data.length).put(0, data);
                    disk.backend.write(from, src, WriteFlag.NONE).block(DEADLINE);
                    System.arraycopy(data, 0, contents, from, data.length);
                }
            }
        }
        return contents;
    }

    private void requireQemuAgrees(byte[] contents) throws IOException {
        Files.write(dir.resolve("expected.raw"), contents);
        assertThat(QemuImg.run(dir, "compare", "-f", "qcow2", "-F", "raw", "image.qcow2", "expected.raw"))
                .contains("identical");
        assertThat(QemuImg.check(dir.resolve("image.qcow2"))).matches(QemuImg.Check::clean, "is clean");
    }

    private List<Extent> qemuMap() {
        List<Extent> map = new ArrayList<>();
        Matcher line = MAP.matcher(QemuImg.run(dir, "map", "--output=json", "-f", "qcow2", "image.qcow2"));
        while (line.find()) {
            add(
                    map,
                    new Extent(
                            Long.parseLong(line.group(1)),
                            Long.parseLong(line.group(2)),
                            line.group(4).equals("true"),
                            line.group(3).equals("true")));
        }
        return map;
    }

    /** QEMU looks whether clusters that have data lie in a hole of the file; that they are zero then, nobody has to know. */
    private static void add(List<Extent> map, Extent extent) {
        boolean zero = extent.zero() && !extent.data();
        Extent last = map.isEmpty() ? null : map.get(map.size() - 1);
        if (last != null && last.data() == extent.data() && last.zero() == zero) {
            map.set(map.size() - 1, new Extent(last.offset(), last.length() + extent.length(), extent.data(), zero));
        } else {
            map.add(new Extent(extent.offset(), extent.length(), extent.data(), zero));
        }
    }

    /** The image, opened from its files. */
    private static final class Disk implements AutoCloseable {
        private final BlockGraph graph = BlockGraph.builder().build();
        private final BlockBackend backend;

        Disk(Path dir, TestImage.Shape shape, boolean writable) {
            NodeOptions.Builder image = node("qcow2", dir, "image.qcow2").set("read-only", !writable);
            image.set("discard", "unmap");
            if (shape.options().contains("data_file")) {
                image.set("data-file", node("raw", dir, "data.raw").build());
            }
            if (shape.backing() > 0) {
                NodeOptions.Builder base = node("raw", dir, "base.raw").set("read-only", true);
                image.set(
                        "backing",
                        shape.has("chain")
                                ? node("qcow2", dir, "middle.qcow2")
                                        .set("backing", base.build())
                                        .set("read-only", true)
                                        .build()
                                : base.build());
            }
            backend = Objects.requireNonNull(graph.add(image.build())
                    .flatMap(node -> graph.attach(node, writable ? Permissions.WRITE : Permissions.READ))
                    .block(DEADLINE));
        }

        private static NodeOptions.Builder node(String driver, Path dir, String name) {
            return NodeOptions.driver(driver)
                    .set(
                            "file",
                            NodeOptions.driver("file")
                                    .set("filename", dir.resolve(name).toString())
                                    .build());
        }

        byte[] read(int from, int length) {
            ByteBuffer dst = ByteBuffer.allocateDirect(length);
            backend.read(from, dst).block(DEADLINE);
            byte[] bytes = new byte[length];
            dst.clear().get(bytes);
            return bytes;
        }

        void requireContents(byte[] expected) {
            assertThat(backend.length()).isEqualTo(expected.length);
            byte[] found = read(0, expected.length);
            int at = Arrays.mismatch(found, expected);
            assertThat(at).as("where the contents differ").isEqualTo(-1);
        }

        List<Extent> map() {
            List<Extent> map = new ArrayList<>();
            for (long at = 0; at < backend.length(); ) {
                Extent extent = Objects.requireNonNull(
                        backend.blockStatus(at, backend.length() - at).block(DEADLINE));
                assertThat(extent.offset()).isEqualTo(at);
                add(map, extent);
                at = extent.end();
            }
            return map;
        }

        @Override
        public void close() {
            graph.close().block(DEADLINE);
        }
    }
}
