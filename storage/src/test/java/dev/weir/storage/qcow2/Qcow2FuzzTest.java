package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockException;
import dev.weir.storage.Permissions;
import dev.weir.testing.MemoryFile;
import dev.weir.testing.QemuImg;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Images with random changes in their header and tables: whatever they do, it ends, in an error that is told or not at all. */
@Timeout(value = 1, unit = TimeUnit.HOURS)
class Qcow2FuzzTest {
    private static final Logger log = LoggerFactory.getLogger(Qcow2FuzzTest.class);
    private static final int HEADERS = 1_000_000;
    private static final int SECONDS = 15;
    private static final int HEADER = 112;
    private static final List<String> SHAPES = List.of(
            "size=64 cluster_size=512 filled",
            "size=64 cluster_size=512 snapshots refcount_bits=8",
            "size=256 cluster_size=16k extended_l2=on filled",
            "size=128 cluster_size=4k compressed",
            "size=64 cluster_size=512 compat=0.10 backing=40 filled",
            "size=128 cluster_size=4k data_file=data.raw filled",
            "size=64 cluster_size=4k lazy_refcounts=on refcount_bits=64 filled");

    @BeforeAll
    static void assumeQemu() {
        QemuImg.assumeInstalled();
    }

    @Test
    void anyHeaderIsReadOrRefused() {
        var random = new Random(Long.getLong("weir.qcow2.seed", 1));
        int read = 0;
        for (int i = 0; i < HEADERS; i++) {
            TestImage image = SHAPES_MADE.get(i % SHAPES_MADE.size());
            byte[] start = image.image().bytes(0, image.shape().clusterSize());
            change(start, random);
            try {
                Qcow2Header header = HeaderParser.parse(ByteBuffer.wrap(start));
                read += header.geometry().clusterBits() > 0 ? 1 : 0;
            } catch (BlockException refused) {
                assertThat(refused.getMessage()).isNotEmpty();
            }
        }
        assertThat(read).isBetween(HEADERS / 100, HEADERS - HEADERS / 100);
    }

    private static void change(byte[] start, Random random) {
        int changes = 1 + random.nextInt(3);
        ByteBuffer header = ByteBuffer.wrap(start);
        for (int i = 0; i < changes; i++) {
            int place = random.nextInt(Math.min(start.length, HEADER + 40) / 4 - 1) * 4;
            switch (random.nextInt(4)) {
                case 0 -> header.put(place + random.nextInt(4), (byte) random.nextInt());
                case 1 -> header.putInt(place, random.nextInt());
                case 2 -> header.putInt(place, 1 << random.nextInt(32));
                default -> header.putInt(place, header.getInt(place) ^ 1 << random.nextInt(32));
            }
        }
    }

    @Test
    void anyImageIsReadAndWrittenOrRefused() throws InterruptedException {
        var opened = new AtomicLong();
        var images = new AtomicLong();
        var budget = new Budget(SECONDS, () -> opened.get() > 1000);
        budget.spend(number -> {
            var random = new Random(budget.seed(number));
            TestImage image = TestImage.make(SHAPES.get((int) (number % SHAPES.size())));
            List<String> changes = change(image.image(), random);
            try {
                Permissions permissions = random.nextInt(3) == 0 ? Permissions.READ : Permissions.WRITE;
                opened.addAndGet(HostileImages.use(image, permissions) ? 1 : 0);
            } catch (RuntimeException | Error e) {
                throw new AssertionError(
                        image.shape() + ", seed " + budget.seed(number) + ", changed at " + changes + ": " + e, e);
            }
            images.incrementAndGet();
        });
        log.info("{} images, {} of them opened", images, opened);
    }

    private static final List<TestImage> SHAPES_MADE = new ArrayList<>();

    @BeforeAll
    static void make() {
        SHAPES.forEach(shape -> SHAPES_MADE.add(TestImage.make(shape)));
    }

    /** Changes some words, most of them where tables are. */
    private static List<String> change(MemoryFile image, Random random) {
        List<Long> tables = new ArrayList<>(List.of(0L, quad(image, 40), quad(image, 48), quad(image, 64)));
        tables.add(quad(image, quad(image, 40)) & L2Entry.OFFSET_MASK);
        tables.add(quad(image, quad(image, 48)));
        List<String> changes = new ArrayList<>();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            long table = tables.get(random.nextInt(tables.size()));
            long place = table + random.nextInt(table == 0 ? HEADER / 8 : 8) * 8L;
            if (random.nextInt(8) == 0) {
                place = random.nextInt((int) image.length() - 8);
            }
            long now = quad(image, place);
            long value = switch (random.nextInt(6)) {
                case 0 -> random.nextLong();
                case 1 -> now ^ 1L << random.nextInt(64);
                case 2 -> now + (1L << random.nextInt(24));
                case 3 -> tables.get(random.nextInt(tables.size())) | (random.nextBoolean() ? 1L << 63 : 0);
                case 4 -> random.nextInt(3) - 1;
                default -> now ^ (3L << random.nextInt(63));
            };
            image.put(place, ByteBuffer.allocate(8).putLong(value).array());
            changes.add(place + "=" + Long.toHexString(value));
        }
        return changes;
    }

    private static long quad(MemoryFile image, long at) {
        return ByteBuffer.wrap(image.bytes(at, 8)).getLong();
    }
}
