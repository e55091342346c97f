package dev.weir.storage.qcow2;

import static dev.weir.storage.qcow2.BytesFile.await;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.image.ImageCheck;
import dev.weir.storage.image.ImageRepair;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Checks, repairs and snapshots of images with wrong bytes; {@code -Dqcow2.fuzz=N} for more of them. */
class Qcow2CheckFuzzTest {
    private static final int RUNS = Integer.getInteger("qcow2.fuzz", 20_000);
    private static final int CLUSTER = 512;
    private static final long[] INTERESTING = {
        0,
        1,
        -1,
        512,
        513,
        1 << 20,
        1L << 31,
        1L << 40,
        1L << 55,
        1L << 62,
        Long.MIN_VALUE,
        Long.MAX_VALUE,
        0x600,
        0xa00
    };

    /** Header, refcount table, block, L1 and two L2 tables, data, a compressed cluster, and a snapshot. */
    static byte[] image(int version, int refcountOrder) {
        byte[] bytes = new byte[20 * CLUSTER];
        ByteBuffer image = ByteBuffer.wrap(bytes);
        Geometry geometry = new Geometry(9, refcountOrder, false);
        image.putInt(Qcow2Header.MAGIC).putInt(version).putInt(20, 9).putLong(24, 2L * 64 * CLUSTER);
        image.putInt(36, 2).putLong(40, 3 * CLUSTER).putLong(48, CLUSTER).putInt(56, 1);
        if (version == 3) {
            image.putInt(96, refcountOrder).putInt(100, 104);
        }
        image.putLong(CLUSTER, 2 * CLUSTER);
        image.putLong(3 * CLUSTER, 4 * CLUSTER | L2Entry.COPIED).putLong(3 * CLUSTER + 8, 5 * CLUSTER | L2Entry.COPIED);
        for (int i = 0; i < 6; i++) {
            image.putLong(4 * CLUSTER + i * 16, (6L + i) * CLUSTER | L2Entry.COPIED);
            image.putLong(5 * CLUSTER + i * 8, (12L + i) * CLUSTER | L2Entry.COPIED | (version == 3 ? i & 1 : 0));
        }
        image.putLong(5 * CLUSTER + 64, 18 * CLUSTER + 100 | L2Entry.COMPRESSED);
        ByteBuffer counts = image.slice(2 * CLUSTER, CLUSTER);
        for (int i = 0; i < 19; i++) {
            RefcountCodec.put(counts, i, geometry.refcountOrder(), 1);
        }
        BytesFile file = new BytesFile(bytes);
        if (refcountOrder > 0) {
            await(Qcow2Snapshots.create(file, file.header(), "one", Instant.ofEpochSecond(1)));
        }
        return file.bytes();
    }

    private static byte[] mutated(byte[] image, Random random) {
        byte[] bytes = image.clone();
        ByteBuffer view = ByteBuffer.wrap(bytes);
        for (int n = 1 + random.nextInt(4); n > 0; n--) {
            // The tables more often than the data.
            int at = random.nextInt(4) == 0 ? random.nextInt(bytes.length - 8) : random.nextInt(6 * CLUSTER);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] = (byte) random.nextInt();
                case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> view.putLong(at & -8, INTERESTING[random.nextInt(INTERESTING.length)]);
                default -> view.putLong(at & -8, view.getLong(random.nextInt(bytes.length - 8) & -8));
            }
        }
        return bytes;
    }

    @Test
    void theImagesThatAreDamagedAreSound() {
        for (int order = 0; order <= 6; order++) {
            BytesFile file = new BytesFile(image(3, order));
            ImageCheck check =
                    requireNonNull(await(Qcow2Check.check(file, file.header(), ImageRepair.NONE, done -> {})));
            assertThat(check.messages()).isEmpty();
        }
    }

    @Test
    @Timeout(300)
    void whateverIsWrongEndsInCountsOrARefusal() {
        List<byte[]> images = new ArrayList<>();
        for (int order = 0; order <= 6; order++) {
            images.add(image(3, order));
        }
        images.add(image(2, 4));
        int checked = 0;
        for (int seed = 0; seed < RUNS; seed++) {
            Random random = new Random(seed);
            BytesFile file = new BytesFile(mutated(images.get(random.nextInt(images.size())), random));
            try {
                Qcow2Header header = file.header();
                ImageCheck found = requireNonNull(await(Qcow2Check.check(file, header, ImageRepair.NONE, done -> {})));
                checked++;
                switch (seed % 8) {
                    case 0 -> repair(file, found, ImageRepair.ALL, seed);
                    case 1 -> repair(file, found, ImageRepair.LEAKS, seed);
                    case 2 -> await(Qcow2Snapshots.create(file, header, "two", Instant.EPOCH));
                    case 3 -> await(Qcow2Snapshots.apply(file, header, "1"));
                    case 4 -> await(Qcow2Snapshots.delete(file, header, "1"));
                    default -> {}
                }
            } catch (BlockException e) {
                assertThat(e.kind()).as("seed %d: %s", seed, e).isNotEqualTo(BlockErrorKind.IO);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed, e);
            }
            assertThat(file.length()).as("seed %d", seed).isLessThan(1 << 20);
        }
        assertThat(checked).isGreaterThan(RUNS / 2);
    }

    private static void repair(BytesFile file, ImageCheck found, ImageRepair repair, int seed) {
        ImageCheck left = requireNonNull(await(Qcow2Check.check(file, file.header(), repair, done -> {})));
        if (found.corruptions() + found.checkErrors() == 0) {
            assertThat(left.corruptions() + left.checkErrors() + left.leaks())
                    .as("seed %d", seed)
                    .isZero();
        }
        if (repair == ImageRepair.ALL && left.corruptions() + left.checkErrors() == 0) {
            assertThat(left.leaks()).as("seed %d", seed).isZero();
            assertThat(file.header().incompatible() & (Feature.DIRTY | Feature.CORRUPT))
                    .as("seed %d", seed)
                    .isZero();
        }
    }
}
