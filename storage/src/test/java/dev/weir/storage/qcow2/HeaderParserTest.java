package dev.weir.storage.qcow2;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.image.ImageCreation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Headers of images that nobody can be trusted to have made well. */
@Timeout(60)
class HeaderParserTest {
    private static final long SEED = 20_260_401;
    private static final int MUTATIONS = 300_000;
    private static final Set<BlockErrorKind> REFUSALS =
            Set.of(BlockErrorKind.INVALID_FORMAT, BlockErrorKind.UNSUPPORTED);

    /** The first cluster of an image of 1 GiB. */
    private static ByteBuffer header(Map<String, String> options, @Nullable String backing) {
        ImageCreation creation =
                new ImageCreation(1 << 30, backing, backing == null ? null : "raw", null, PreallocMode.OFF, options);
        CreateOptions checked = CreateOptions.of(creation);
        ByteBuffer header = NewHeader.of(checked, NewLayout.of(checked));
        return ByteBuffer.allocate(checked.geometry().clusterSize()).put(header).clear();
    }

    private static ByteBuffer header() {
        return header(Map.of(), "base.raw");
    }

    @Test
    void whatIsWrittenIsRead() {
        Qcow2Header header = HeaderParser.parse(
                header(Map.of("lazy_refcounts", "on", "refcount_bits", "1", "cluster_size", "4k"), "base.raw"));

        assertThat(header.version()).isEqualTo(3);
        assertThat(header.geometry()).isEqualTo(new Geometry(12, 0, false));
        assertThat(header.size()).isEqualTo(1 << 30);
        assertThat(header.lazyRefcounts()).isTrue();
        assertThat(header.backingFile()).isEqualTo("base.raw");
        assertThat(header.backingFormat()).isEqualTo("raw");
        assertThat(header.extensions()).hasSize(2);
    }

    /** Fields by their offset, with as many bytes as the value has digits for. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0|514649fc|Image is not in qcow2 format",
                "4|00000001|Unsupported qcow2 version 1",
                "4|00000004|Unsupported qcow2 version 4",
                "4|ffffffff|Unsupported qcow2 version 4294967295",
                "8|0000000000000001|Invalid backing file offset",
                "8|000000000000006f|Invalid backing file offset",
                "8|0000000000010001|Invalid backing file offset",
                "8|8000000000000000|Invalid backing file offset",
                "8|ffffffffffffffff|Invalid backing file offset",
                "16|00000400|Backing file name too long",
                "16|ffffffff|Backing file name too long",
                "20|00000008|Unsupported cluster size: 2^8",
                "20|00000016|Unsupported cluster size: 2^22",
                "20|ffffffff|Unsupported cluster size: 2^4294967295",
                "24|8000000000000000|Image is too big",
                "24|7fffffffffffffff|Image is too big",
                "24|0000000100000000|L1 table is too small",
                "32|00000001|AES-CBC encrypted qcow2 images are not supported",
                "32|00000002|LUKS encrypted qcow2 images are not supported",
                "32|00000003|Unsupported encryption method 3",
                "36|00000001|L1 table is too small",
                "36|00400001|Active L1 table too large",
                "36|80000000|Active L1 table too large",
                "36|ffffffff|Active L1 table too large",
                "40|0000000000000000|Active L1 table offset invalid",
                "40|0000000000030001|Active L1 table offset invalid",
                "40|ffffffffffff0000|Active L1 table offset invalid",
                "40|7fffffffffffffff|Active L1 table offset invalid",
                "48|0000000000000000|Reference count table offset invalid",
                "48|0000000000010200|Reference count table offset invalid",
                "48|7fffffffffff0000|Reference count table offset invalid",
                "56|00000000|Image does not contain a reference count table",
                "56|00000081|Reference count table too large",
                "56|ffffffff|Reference count table too large",
                "60|00010001|Too many snapshots",
                "60|ffffffff|Too many snapshots",
                "60|00000001|Snapshot table offset invalid",
                "64|0000000000000200|Snapshot table offset invalid",
                "72|0000000000000008|Compression type incompatible feature bit must not be set",
                "72|0000000000000020|Unsupported qcow2 feature(s): Unknown incompatible feature: 20",
                "72|8000000000000000|Unsupported qcow2 feature(s): Unknown incompatible feature: 8000000000000000",
                "96|00000007|Reference count entry width too large; may not exceed 64 bits",
                "96|ffffffff|Reference count entry width too large; may not exceed 64 bits",
                "100|00000060|qcow2 header too short",
                "100|ffffffff|qcow2 header too short",
                "100|00010008|qcow2 header exceeds cluster size",
                "104|01|Compression type incompatible feature bit must be set",
                "104|02|qcow2: unknown compression type: 2",
                "104|ff|qcow2: unknown compression type: 255",
                "116|00010000|Header extension too large",
                "116|ffffffff|Header extension too large",
            })
    void aFieldOutOfRangeIsRefused(int offset, String value, String message) {
        ByteBuffer header = header();
        for (int i = 0; i < value.length(); i += 2) {
            header.put(offset + i / 2, (byte) Integer.parseInt(value, i, i + 2, 16));
        }

        assertRefused(header, message);
    }

    @Test
    void extendedEntriesNeedLargeClusters() {
        ByteBuffer header = header(Map.of("cluster_size", "8k"), null);
        header.putLong(72, Feature.EXTENDED_L2);

        assertRefused(header, "Extended L2 entries are only supported with cluster sizes of at least 16384 bytes");
    }

    @Test
    void anUnknownFeatureIsCalledByItsName() {
        ByteBuffer header = header(Map.of(), null);
        header.putLong(72, 1 << 17);
        // The first name of the table, after the header and the head of the extension.
        header.put(112 + 8 + 1, (byte) 17).put(112 + 8 + 2, "warp\tdrive\0".getBytes(US_ASCII));

        assertRefused(header, "Unsupported qcow2 feature(s): warp?drive");
    }

    @Test
    void whatEndsBeforeTheHeaderDoesIsNoImage() {
        for (int length = 0; length < 112; length++) {
            ByteBuffer cut = header(Map.of(), null).limit(length).slice();
            assertThatThrownBy(() -> HeaderParser.parse(cut)).isInstanceOf(BlockException.class);
        }
    }

    /** QEMU writes no padding and no end where the first cluster is full, or the file ends there. */
    @Test
    void aFileMayEndWithItsExtensions() {
        ByteBuffer header = header(Map.of(), null);
        assertThat(HeaderParser.parse(header.limit(112).slice()).extensions()).isEmpty();
    }

    private static void assertRefused(ByteBuffer header, String message) {
        assertThatThrownBy(() -> HeaderParser.parse(header))
                .isInstanceOf(BlockException.class)
                .hasMessageContaining(message)
                .satisfies(
                        failure -> assertThat(((BlockException) failure).kind()).isIn(REFUSALS));
    }

    /** Whatever the bytes are: a header that is sound, or a refusal, and soon. */
    @Test
    void hostileHeadersAreRefusedOrSound() {
        Random random = new Random(SEED);
        ByteBuffer[] originals = {
            header(),
            header(Map.of("compat", "0.10"), "base.raw"),
            header(Map.of("cluster_size", "512", "refcount_bits", "64"), null),
            header(Map.of("extended_l2", "on", "compression_type", "zstd", "cluster_size", "16k"), null)
        };
        long start = System.nanoTime();
        int accepted = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            ByteBuffer original = originals[i % originals.length];
            // Most of what counts lies in the first sector.
            ByteBuffer image = ByteBuffer.allocate(Math.min(original.capacity(), i % 64 == 0 ? 65536 : 1024));
            image.put(0, original, 0, image.capacity());
            for (Consumer<ByteBuffer> mutation : mutations(random)) {
                if (image.limit() == image.capacity()) {
                    mutation.accept(image);
                }
            }
            try {
                assertSound(HeaderParser.parse(image));
                accepted++;
            } catch (BlockException e) {
                assertThat(REFUSALS).as("mutation %d: %s", i, e.getMessage()).contains(e.kind());
            } catch (RuntimeException e) {
                throw new AssertionError("mutation " + i, e);
            }
        }
        assertThat(accepted).as("so that not all of them fail early").isBetween(MUTATIONS / 100, MUTATIONS / 2);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
    }

    private static List<Consumer<ByteBuffer>> mutations(Random random) {
        List<Consumer<ByteBuffer>> mutations = new ArrayList<>();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            mutations.add(mutation(random));
        }
        return mutations;
    }

    private static Consumer<ByteBuffer> mutation(Random random) {
        long[] values = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << random.nextInt(64), random.nextLong()};
        long value = values[random.nextInt(values.length)];
        // The magic, the version and the cluster size are seldom what is wrong.
        int[] fields = {
            8, 16, 24, 32, 36, 40, 48, 56, 60, 64, 72, 80, 88, 96, 100, 104, 112, 116, 8 * random.nextInt(60)
        };
        int at = fields[random.nextInt(fields.length)];
        return switch (random.nextInt(4)) {
            case 0 -> image -> image.putLong(at, value);
            case 1 -> image -> image.putInt(at, (int) value);
            case 2 -> image -> image.put(at, (byte) (image.get(at) ^ 1 << (value & 7)));
            default -> image -> image.limit(Math.min(image.limit(), (int) (value & 1023)));
        };
    }

    private static void assertSound(Qcow2Header header) {
        Geometry geometry = header.geometry();
        assertThat(header.size()).isNotNegative();
        assertThat((long) header.l1Entries()).isBetween(geometry.l1EntriesFor(header.size()), 1L << 22);
        assertThat(header.l1Offset() & geometry.clusterMask()).isZero();
        assertThat(header.refcountTableOffset() & geometry.clusterMask()).isZero();
        assertThat(header.refcountTableOffset()).isPositive();
        assertThat(header.refcountTableClusters()).isPositive();
        assertThat((long) header.refcountTableClusters() << geometry.clusterBits())
                .isLessThanOrEqualTo(8 << 20);
        assertThat(header.snapshotCount()).isBetween(0, 65536);
        assertThat(header.cryptMethod()).isZero();
        assertThat(header.incompatible() & ~Feature.KNOWN_INCOMPATIBLE).isZero();
    }
}
