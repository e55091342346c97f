package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.testing.MemoryFile;
import dev.weir.testing.QemuImg;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Images that were made to do harm: the defects of other implementations, one by one. */
class Qcow2HostileTest {
    private static final Duration DEADLINE = Duration.ofSeconds(10);
    private static final String SHAPE = "size=1024 cluster_size=64k filled";
    private static final String SNAPSHOTS = "size=1024 cluster_size=64k snapshots";

    /** Changes an image. */
    @FunctionalInterface
    private interface Harm {
        void to(MemoryFile image);
    }

    @BeforeAll
    static void assumeQemu() {
        QemuImg.assumeInstalled();
    }

    private static Harm word(int at, int value) {
        return image -> image.put(at, ByteBuffer.allocate(4).putInt(value).array());
    }

    private static Harm quad(int at, long value) {
        return image -> image.put(at, ByteBuffer.allocate(8).putLong(value).array());
    }

    private static long quad(MemoryFile image, long at) {
        return ByteBuffer.wrap(image.bytes(at, 8)).getLong();
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                Arguments.of("no magic", word(0, 0x514649)),
                Arguments.of("version 0", word(4, 0)),
                Arguments.of("version 1, which has other limits (2014-0222, 2014-0223)", word(4, 1)),
                Arguments.of("version 4", word(4, 4)),
                Arguments.of("clusters of 1 byte", word(20, 0)),
                Arguments.of("clusters of 256 bytes", word(20, 8)),
                Arguments.of("clusters of 4 MiB", word(20, 22)),
                Arguments.of("clusters of 2^63 bytes", word(20, 63)),
                Arguments.of("clusters of 2^-1 bytes", word(20, -1)),
                Arguments.of("a backing name outside of the first cluster (2014-0144)", quad(8, 0x10001)),
                Arguments.of("a backing name of 4 GiB", (Harm) image -> {
                    quad(8, 600).to(image);
                    word(16, -1).to(image);
                }),
                Arguments.of("a backing name longer than 1023", (Harm) image -> {
                    quad(8, 600).to(image);
                    word(16, 1024).to(image);
                }),
                Arguments.of("a negative size", quad(24, -1)),
                Arguments.of("a size that needs more L1 than there is (2013-2096, 2015-5162)", quad(24, 1L << 62)),
                Arguments.of("AES", word(32, 1)),
                Arguments.of("LUKS", word(32, 2)),
                Arguments.of("an unknown encryption", word(32, 3)),
                Arguments.of("an L1 of 32 GiB (2014-0143)", word(36, -1)),
                Arguments.of("an L1 of 2 GiB", word(36, 0x10000000)),
                Arguments.of("an L1 of 1 GiB, of which the number of bytes overflows", word(36, 0x20000001)),
                Arguments.of("an L1 too small for the size", word(36, 0)),
                Arguments.of("an L1 that is not aligned", quad(40, 0x30001)),
                Arguments.of("an L1 beyond all files", quad(40, 0x7fff_ffff_ffff_0000L)),
                Arguments.of("an L1 at a negative offset", quad(40, 0x8000_0000_0000_0000L)),
                Arguments.of("a refcount table that is not aligned (2014-0144)", quad(48, 0x10200)),
                Arguments.of("a refcount table beyond all files", quad(48, 0x7fff_ffff_ffff_0000L)),
                Arguments.of("a refcount table of 0 clusters", word(56, 0)),
                Arguments.of("a refcount table of 256 TiB", word(56, -1)),
                Arguments.of("a refcount table of 16 MiB", word(56, 256)),
                Arguments.of("4 billion snapshots (2014-0143, 2014-0144)", word(60, -1)),
                Arguments.of("65537 snapshots", word(60, 65_537)),
                Arguments.of("snapshots that are not aligned", (Harm) image -> {
                    word(60, 1).to(image);
                    quad(64, 0x10001).to(image);
                }),
                Arguments.of("an unknown incompatible feature", quad(72, 1L << 40)),
                Arguments.of("an external data file that nobody names (2024-4467)", quad(72, 4)),
                Arguments.of("a compression type without its bit", (Harm) image -> image.put(104, new byte[] {1})),
                Arguments.of("a compression bit without its type", quad(72, 8)),
                Arguments.of("an unknown compression type", (Harm) image -> {
                    quad(72, 8).to(image);
                    image.put(104, new byte[] {2});
                }),
                Arguments.of("refcounts of 128 bits", word(96, 7)),
                Arguments.of("refcounts of 2^-1 bits", word(96, -1)),
                Arguments.of("a header of 0 bytes (2014-0144)", word(100, 0)),
                Arguments.of("a header of 4 GiB", word(100, -8)),
                Arguments.of("a header larger than its cluster", word(100, 0x10008)),
                Arguments.of("a header of an odd length", word(100, 109)),
                Arguments.of("an extension of 4 GiB", (Harm) image -> {
                    word(112, 0x12345678).to(image);
                    word(116, -1).to(image);
                }),
                Arguments.of("an extension that ends behind the cluster", (Harm) image -> {
                    word(112, 0x12345678).to(image);
                    word(116, 0x10000 - 119).to(image);
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void isRefused(String what, Harm harm) {
        TestImage image = TestImage.make(SHAPE);
        harm.to(image.image());
        for (Permissions permissions : List.of(Permissions.READ, Permissions.WRITE)) {
            assertThatThrownBy(() -> GuestDisk.open(image, GuestDisk.Around.NOTHING, permissions)
                            .block(DEADLINE))
                    .as(what)
                    .isInstanceOf(BlockException.class);
        }
    }

    /** The header is right, and what it leads to is not. */
    static Stream<Arguments> tables() {
        Harm l1Beyond =
                image -> quad((int) quad(image, 40), 0x8000_ffff_ffff_0000L).to(image);
        Harm l1Header =
                image -> quad((int) quad(image, 40), 0x8000_0000_0000_0000L).to(image);
        Harm l1Itself =
                image -> quad((int) quad(image, 40), 1L << 63 | quad(image, 40)).to(image);
        Harm l1Unaligned =
                image -> quad((int) quad(image, 40), 0x8000_0000_0003_0200L).to(image);
        Harm noBlocks = image -> quad((int) quad(image, 48), 0).to(image);
        Harm blockIsHeader = image -> quad((int) quad(image, 48), 0x200).to(image);
        Harm blockBeyond =
                image -> quad((int) quad(image, 48), 0x7fff_ffff_ffff_0000L).to(image);
        Harm blockIsL1 = image -> quad((int) quad(image, 48), quad(image, 40)).to(image);
        return Stream.of(
                Arguments.of("an L2 table beyond the file", l1Beyond),
                Arguments.of("an L2 table in the header", l1Header),
                Arguments.of("an L2 table that is the L1 table", l1Itself),
                Arguments.of("an L2 table that is not aligned", l1Unaligned),
                Arguments.of("no refcounts at all: everything seems free (2014-0147)", noBlocks),
                Arguments.of("refcounts that are not aligned", blockIsHeader),
                Arguments.of("refcounts beyond the file", blockBeyond),
                Arguments.of("refcounts in the L1 table", blockIsL1),
                Arguments.of("a data cluster over the header", entry(1L << 63)),
                Arguments.of("a data cluster that is the L1 table", (Harm)
                        image -> entry(1L << 63 | quad(image, 40)).to(image)),
                Arguments.of("a data cluster that is the refcount table", (Harm)
                        image -> entry(1L << 63 | quad(image, 48)).to(image)),
                Arguments.of("a data cluster beyond the file", entry(0x80ff_ffff_ffff_0000L)),
                Arguments.of("a data cluster that is not aligned", entry(0x8000_0000_0005_0200L)),
                Arguments.of("a compressed cluster beyond the file", entry(0x403f_ffff_ffff_ffffL)),
                Arguments.of("a compressed cluster that is the header", entry(0x4000_0000_0000_0000L)),
                Arguments.of("a compressed cluster that is no such thing", entry(0x4000_0000_0005_0001L)));
    }

    /** The first entry of the first L2 table, with another one behind it that is what it was. */
    private static Harm entry(long value) {
        return image -> quad((int) (quad(image, quad(image, 40)) & L2Entry.OFFSET_MASK), value)
                .to(image);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("tables")
    void doesNoHarm(String what, Harm harm) {
        TestImage image = TestImage.make(SHAPE);
        harm.to(image.image());
        byte[] header = image.image().bytes(0, 72);
        long l1 = quad(image.image(), 40);
        byte[] table = image.image().bytes(l1, 8);
        HostileImages.use(image, Permissions.READ);
        HostileImages.use(image, Permissions.WRITE);
        assertThat(image.image().bytes(0, 72)).as("the header").isEqualTo(header);
        assertThat(image.image().bytes(l1, 8)).as("the L1 table").isEqualTo(table);
        assertThat(image.image().length()).isLessThan(64 << 20);
    }

    @Test
    void snapshotsThatLieDoNotMatterUntilTheyAreUsed() {
        TestImage image = TestImage.make(SNAPSHOTS);
        long table = quad(image.image(), 64);
        // 2014-0145, 2014-0146: an L1 table of 4 billion entries, and one that is not there.
        word((int) table + 8, -1).to(image.image());
        HostileImages.use(image, Permissions.READ);
        var format = new Qcow2Driver().imageFormat().orElseThrow();
        BlockGraph graph = BlockGraph.builder().build();
        try {
            var file = Objects.requireNonNull(graph.add("file", image.image())
                    .flatMap(node -> graph.attach(node, Permissions.WRITE))
                    .block(DEADLINE));
            assertThatThrownBy(() -> format.applySnapshot(file, "first").block(DEADLINE))
                    .isInstanceOf(BlockException.class);
            assertThatThrownBy(() -> format.deleteSnapshot(file, "first").block(DEADLINE))
                    .isInstanceOf(BlockException.class);
        } finally {
            graph.close().block(DEADLINE);
        }
    }

    /** 2015-5163, 2024-32498, 2022-47951, 2024-4467. */
    @Test
    void opensNoFileThatAnImageNames() {
        for (String name :
                List.of("/etc/passwd", "json:{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}", "nbd://host/x")) {
            TestImage image = TestImage.make(SHAPE);
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            quad(8, 1024).to(image.image());
            word(16, bytes.length).to(image.image());
            image.image().put(1024, bytes);
            image.image().put(112, extension(0xe2792aca, "raw"));
            var asked = new AtomicInteger();
            BlockGraph graph = BlockGraph.builder()
                    .implicitOpenPolicy((node, filename, format) -> {
                        asked.incrementAndGet();
                        return false;
                    })
                    .build();
            try {
                graph.add("file", image.image()).block(DEADLINE);
                NodeOptions options = NodeOptions.driver("qcow2")
                        .set("file", NodeOptions.reference("file"))
                        .build();
                assertThatThrownBy(() -> graph.add(options).block(DEADLINE))
                        .isInstanceOfSatisfying(
                                BlockException.class,
                                e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.ACCESS_DENIED));
                assertThat(graph.nodes()).hasSize(1);
                assertThat(asked).hasValue(1);
                var format = new Qcow2Driver().imageFormat().orElseThrow();
                var info = format.info(image.image()).block(DEADLINE);
                assertThat(Objects.requireNonNull(info).backingFile()).isEqualTo(name);
                assertThat(asked).hasValue(1);
            } finally {
                graph.close().block(DEADLINE);
            }
        }
    }

    private static byte[] extension(int type, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + (bytes.length + 7) / 8 * 8 + 8)
                .putInt(type)
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    @Test
    void corruptImagesAreNotWritten() {
        TestImage image = TestImage.make(SHAPE);
        quad(72, 2).to(image.image());
        assertThatThrownBy(() -> GuestDisk.open(image, GuestDisk.Around.NOTHING).block(DEADLINE))
                .isInstanceOf(BlockException.class);
        GuestDisk disk = Objects.requireNonNull(GuestDisk.open(image, GuestDisk.Around.NOTHING, Permissions.READ)
                .block(DEADLINE));
        assertThat(disk.contents().block(DEADLINE)).isEqualTo(image.contents());
        disk.close().block(DEADLINE);
        assertThat(Set.of(quad(image.image(), 72))).containsExactly(2L);
    }
}
