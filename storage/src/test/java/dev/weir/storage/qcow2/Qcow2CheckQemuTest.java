package dev.weir.storage.qcow2;

import static dev.weir.storage.qcow2.BytesFile.await;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.image.ImageCheck;
import dev.weir.storage.image.ImageRepair;
import dev.weir.storage.qcow2.QemuTools.Counts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks and repairs of images that QEMU made and that were damaged then, against {@code qemu-img check}. */
@Timeout(300)
class Qcow2CheckQemuTest {
    @TempDir
    static Path dir;

    private static QemuTools qemu;

    enum Variant {
        V2("compat=0.10"),
        V3("compat=1.1"),
        SMALL_CLUSTERS("cluster_size=512"),
        LARGE_CLUSTERS("cluster_size=2M"),
        REFCOUNTS_OF_1_BIT("refcount_bits=1", false, false),
        REFCOUNTS_OF_4_BITS("cluster_size=4k,refcount_bits=4", true, false),
        REFCOUNTS_OF_8_BITS("refcount_bits=8"),
        REFCOUNTS_OF_64_BITS("cluster_size=1k,refcount_bits=64"),
        EXTENDED("extended_l2=on"),
        EXTENDED_SMALL("extended_l2=on,cluster_size=16k,refcount_bits=2", true, false),
        ZSTD("compression_type=zstd"),
        LAZY("lazy_refcounts=on"),
        DATA_FILE("data_file=%s.raw", false, false);

        final String options;
        final boolean snapshots;
        final boolean compressed;

        Variant(String options) {
            this(options, true, true);
        }

        Variant(String options, boolean snapshots, boolean compressed) {
            this.options = options;
            this.snapshots = snapshots;
            this.compressed = compressed;
        }
    }

    private interface Damage {
        /** @return whether there was anything to damage */
        boolean apply(Victim image);
    }

    private record Named(String name, Damage damage) {}

    private static final List<Named> DAMAGES = List.of(
            new Named("none", image -> true),
            new Named("refcount of data lowered", image -> image.refcount(image.data(1), 0)),
            new Named("refcount of data raised", image -> image.refcount(image.data(1), 1 << 30)),
            new Named("refcount of header lowered", image -> image.refcount(0, 0)),
            new Named("free cluster counted", image -> image.refcount(image.clusters() - 1, 1)),
            new Named("COPIED of data flipped", image -> image.flip(image.entry(1), L2Entry.COPIED)),
            new Named("COPIED of L2 table flipped", image -> image.flip(image.l1(), L2Entry.COPIED)),
            new Named("L2 entry duplicated", image -> image.copy(image.entry(1), image.entry(2))),
            new Named("L2 entry dropped", image -> image.put(image.entry(1), 0)),
            new Named("L2 entry with reserved bits", image -> image.flip(image.entry(1), 2)),
            new Named("L2 entry not aligned", image -> image.flip(image.entry(1), 0x200)),
            new Named("L2 entry past the end", image -> image.flip(image.entry(1), 1L << 40)),
            new Named(
                    "L2 entry at the L1 table",
                    image -> image.put(image.entry(1), image.header().l1Offset() | L2Entry.COPIED)),
            new Named("L1 entry with reserved bits", image -> image.flip(image.l1(), 2)),
            new Named("L1 entry past the end", image -> image.flip(image.l1(), 1L << 40)),
            new Named("L1 entry not aligned", image -> image.flip(image.l1(), 0x200)),
            new Named("refcount block zeroed", Victim::zeroRefcountBlock),
            new Named("refcount table entry zeroed", image -> image.put(image.table(), 0)),
            new Named("refcount table entry not aligned", image -> image.flip(image.table(), 0x200)),
            new Named("refcount table entry with reserved bits", image -> image.flip(image.table(), 1)),
            new Named("refcount table entry past the end", image -> image.flip(image.table(), 1L << 40)),
            new Named(
                    "refcount block at the L1 table",
                    image -> image.put(image.table(), image.header().l1Offset())),
            new Named("refcount block twice", image -> image.copy(image.table(), image.table() + 8)),
            new Named("dirty", image -> image.header().version() == 3 && image.flip(72, Feature.DIRTY)),
            new Named("corrupt", image -> image.header().version() == 3 && image.flip(72, Feature.CORRUPT)),
            new Named(
                    "truncated",
                    image -> image.truncate(image.header().geometry().clusterSize() * 3L / 2)),
            new Named(
                    "snapshot's L1 table not aligned",
                    image -> image.header().snapshotCount() > 0
                            && image.flip((int) image.header().snapshotsOffset(), 0x100)),
            new Named(
                    "compressed entry COPIED",
                    image -> image.compressed() > 0 && image.flip(image.compressed(), L2Entry.COPIED)));

    /** An image to be damaged. */
    private static final class Victim {
        private byte[] bytes;
        private final Qcow2Header header;
        private final List<Integer> entries = new ArrayList<>();

        Victim(byte[] bytes) {
            this.bytes = bytes;
            this.header = HeaderParser.parse(ByteBuffer.wrap(bytes));
            Geometry geometry = header.geometry();
            for (int i = 0; i < header.l1Entries(); i++) {
                long table = L2Entry.offset(view().getLong((int) header.l1Offset() + i * 8));
                for (int j = 0; table != 0 && j < geometry.l2Entries(); j++) {
                    entries.add((int) table + j * geometry.l2EntryBytes());
                }
            }
        }

        ByteBuffer view() {
            return ByteBuffer.wrap(bytes);
        }

        Qcow2Header header() {
            return header;
        }

        /** Where the nth L2 entry with data is. */
        int entry(int n) {
            return entries.stream()
                    .filter(at -> !L2Entry.compressed(view().getLong(at)) && L2Entry.offset(view().getLong(at)) != 0)
                    .skip(n)
                    .findFirst()
                    .orElseThrow();
        }

        int compressed() {
            return entries.stream()
                    .filter(at -> L2Entry.compressed(view().getLong(at)))
                    .findFirst()
                    .orElse(0);
        }

        int data(int n) {
            return header.hasDataFile()
                    ? (int) (header.l1Offset() >>> header.geometry().clusterBits())
                    : (int) (L2Entry.offset(view().getLong(entry(n)))
                            >>> header.geometry().clusterBits());
        }

        int clusters() {
            return bytes.length >>> header.geometry().clusterBits();
        }

        int l1() {
            int at = (int) header.l1Offset();
            while (view().getLong(at) == 0) {
                at += 8;
            }
            return at;
        }

        int table() {
            return (int) header.refcountTableOffset();
        }

        boolean flip(int at, long bits) {
            return put(at, view().getLong(at) ^ bits);
        }

        boolean copy(int from, int to) {
            return put(to, view().getLong(from));
        }

        boolean put(int at, long value) {
            view().putLong(at, value);
            return true;
        }

        boolean refcount(int cluster, long count) {
            Geometry geometry = header.geometry();
            int block = (int) view().getLong(table() + (cluster >>> geometry.refcountBlockBits()) * 8);
            int index = cluster & (1 << geometry.refcountBlockBits()) - 1;
            if (block == 0) {
                return false;
            }
            ByteBuffer counts = view().slice(block, geometry.clusterSize());
            RefcountCodec.put(counts, index, geometry.refcountOrder(), Math.min(count, geometry.maxRefcount()));
            return true;
        }

        boolean zeroRefcountBlock() {
            int block = (int) view().getLong(table());
            Arrays.fill(bytes, block, block + header.geometry().clusterSize(), (byte) 0);
            return true;
        }

        boolean truncate(long by) {
            bytes = Arrays.copyOf(bytes, (int) (bytes.length - by));
            return true;
        }
    }

    @BeforeAll
    static void tools() {
        QemuTools.assume();
        qemu = new QemuTools(dir);
    }

    private static Path make(Variant variant) throws IOException, InterruptedException {
        Path image = dir.resolve(variant + ".qcow2");
        if (Files.exists(image)) {
            return image;
        }
        String options = String.format(variant.options, variant);
        qemu.works("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, image.toString(), "9M");
        qemu.io(
                image,
                "write -P 1 0 300k",
                "write -P 2 1M 33k",
                "write -P 3 5M 1k",
                "write -P 4 4100k 513",
                "write -z 2M 128k",
                "write -P 5 6M 2M");
        if (variant.compressed) {
            qemu.io(image, "write -c -P 6 8M 1M");
        }
        if (variant.snapshots) {
            qemu.works("qemu-img", "snapshot", "-c", "one", image.toString());
            qemu.io(image, "write -P 7 64k 100k", "write -P 9 6M 64k", "discard 7M 512k");
            qemu.works("qemu-img", "snapshot", "-c", "two", image.toString());
            qemu.io(image, "write -P 8 5M 70k", "write -P 10 200k 1k");
        }
        return image;
    }

    private static ImageCheck check(BytesFile file, ImageRepair repair) {
        return requireNonNull(await(Qcow2Check.check(file, file.header(), repair, done -> {})));
    }

    @ParameterizedTest
    @EnumSource
    void countsAreQemus(Variant variant) throws Exception {
        Path original = make(variant);
        List<String> differences = new ArrayList<>();
        for (Named damage : DAMAGES) {
            Victim victim = new Victim(Files.readAllBytes(original));
            if (!damage.damage().apply(victim)) {
                continue;
            }
            Path damaged = Files.write(dir.resolve("damaged.qcow2"), victim.bytes);
            BytesFile file = BytesFile.of(damaged);
            ImageCheck found = check(file, ImageRepair.NONE);
            assertThat(file.log).isEmpty();
            Counts theirs = qemu.check(damaged);
            if (!Counts.of(found).equals(theirs)) {
                differences.add(damage.name() + "\n  ours   " + Counts.of(found) + "\n  theirs " + theirs + "\n  "
                        + found.messages().stream().limit(5).toList());
            }
        }
        assertThat(differences).isEmpty();
    }

    /** What nobody can mend without knowing the data. */
    private static final Set<String> FOR_EVER = Set.of(
            "L2 entry with reserved bits",
            "L2 entry not aligned",
            "L2 entry past the end",
            "L1 entry with reserved bits",
            "L1 entry past the end",
            "L1 entry not aligned",
            "truncated",
            "snapshot's L1 table not aligned");

    private static boolean forEver(Variant variant, String damage) {
        boolean twice = damage.equals("L2 entry duplicated") || damage.equals("L2 entry at the L1 table");
        boolean narrow = variant == Variant.REFCOUNTS_OF_1_BIT || variant == Variant.EXTENDED_SMALL;
        boolean extended = variant == Variant.EXTENDED || variant == Variant.EXTENDED_SMALL;
        return FOR_EVER.contains(damage) || (twice && narrow) || (damage.equals("L2 entry dropped") && extended);
    }

    /** What changes contents, whatever is mended later. */
    private static final Set<String> OTHER_CONTENTS =
            Set.of("L2 entry duplicated", "L2 entry dropped", "L2 entry at the L1 table");

    @ParameterizedTest
    @EnumSource
    void whatWasRepairedIsCleanForQemuAndHasItsContents(Variant variant) throws Exception {
        Path original = make(variant);
        List<String> problems = new ArrayList<>();
        for (Named damage : DAMAGES) {
            Victim victim = new Victim(Files.readAllBytes(original));
            if (!damage.damage().apply(victim)) {
                continue;
            }
            BytesFile file = new BytesFile(victim.bytes);
            ImageCheck found = check(new BytesFile(victim.bytes.clone()), ImageRepair.NONE);
            ImageCheck mended = check(file, ImageRepair.ALL);
            Path repaired = dir.resolve("repaired.qcow2");
            file.store(repaired);
            Counts theirs = qemu.check(repaired);
            boolean clean = theirs.corruptions() + theirs.leaks() + theirs.checkErrors() == 0;
            if (!Counts.of(mended).equals(theirs)
                    || !(clean || forEver(variant, damage.name()))
                    || mended.corruptions() + mended.checkErrors() > found.corruptions() + found.checkErrors()
                    || mended.leaks() > 0
                    || mended.corruptions() + mended.corruptionsFixed() != found.corruptions()) {
                problems.add(damage.name() + "\n  found  " + Counts.of(found) + "\n  mended " + Counts.of(mended)
                        + "\n  theirs " + theirs);
            } else if (clean) {
                assertThat(file.header().incompatible() & (Feature.DIRTY | Feature.CORRUPT))
                        .isZero();
                if (!OTHER_CONTENTS.contains(damage.name()) && !FOR_EVER.contains(damage.name())) {
                    qemu.same(original, repaired);
                }
            }
        }
        assertThat(problems).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void leaksAreFreedAsQemuFreesThem(Variant variant) throws Exception {
        Path original = make(variant);
        List<String> problems = new ArrayList<>();
        for (Named damage : DAMAGES) {
            Victim victim = new Victim(Files.readAllBytes(original));
            if (!damage.damage().apply(victim)) {
                continue;
            }
            BytesFile file = new BytesFile(victim.bytes);
            check(file, ImageRepair.LEAKS);
            Path ours = dir.resolve("ours.qcow2");
            file.store(ours);
            Path theirs = Files.write(dir.resolve("theirs.qcow2"), victim.bytes);
            qemu.run("qemu-img", "check", "-r", "leaks", theirs.toString());
            if (!qemu.check(ours).equals(qemu.check(theirs))) {
                problems.add(damage.name() + "\n  ours   " + qemu.check(ours) + "\n  theirs " + qemu.check(theirs));
            }
        }
        assertThat(problems).isEmpty();
    }
}
