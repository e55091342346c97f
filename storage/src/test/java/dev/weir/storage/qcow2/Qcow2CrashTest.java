package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.WriteFlag;
import dev.weir.testing.CrashStates;
import dev.weir.testing.MemoryFile;
import dev.weir.testing.QemuImg;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Crashes at every point of random scripts. Whatever of the writes since the last flush is on the disk: the image is not
 * corrupt, what the guest had flushed is there, and the image can be written again.
 */
class Qcow2CrashTest {
    private static final Logger log = LoggerFactory.getLogger(Qcow2CrashTest.class);
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final int SECONDS = 30;
    private static final int STATES = 10_000;
    private static final int SCRIPT = 40;

    /** One in so many states is shown to QEMU too. */
    private static final int SAMPLE = 40;

    static final List<String> SHAPES = List.of(
            "size=128 cluster_size=512",
            "size=512 cluster_size=4k",
            "size=1024 cluster_size=64k",
            "size=128 cluster_size=512 compat=0.10 filled",
            "size=512 cluster_size=4k refcount_bits=64 filled",
            "size=512 cluster_size=4k refcount_bits=1 filled",
            "size=512 cluster_size=16k extended_l2=on",
            "size=1024 cluster_size=64k extended_l2=on backing=700",
            "size=256 cluster_size=4k backing=300",
            "size=128 cluster_size=512 refcount_bits=2 backing=100",
            "size=512 cluster_size=4k snapshots",
            "size=512 cluster_size=16k extended_l2=on snapshots",
            "size=512 cluster_size=4k lazy_refcounts=on",
            "size=512 cluster_size=4k data_file=data.raw",
            "size=512 cluster_size=4k data_file=data.raw data_file_raw=on",
            "size=256 cluster_size=512 open=discard-no-unref=on",
            "size=512 cluster_size=4k compressed");

    private final AtomicInteger states = new AtomicInteger();
    private final AtomicInteger shown = new AtomicInteger();

    @BeforeAll
    static void assumeQemu() {
        QemuImg.assumeInstalled();
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void everyCrashLeavesWhatWasFlushedInASoundImage() throws InterruptedException {
        int wanted = Boolean.getBoolean("weir.it.long") ? 30 * STATES : STATES;
        var budget = new Budget(SECONDS, () -> states.get() >= wanted);
        budget.spend(number -> crash(SHAPES.get((int) (number % SHAPES.size())), budget.seed(number)));
        log.info("{} states, {} of them shown to QEMU", states, shown);
        assertThat(states.get()).isGreaterThanOrEqualTo(wanted);
        assertThat(shown.get()).isGreaterThanOrEqualTo(wanted / SAMPLE);
    }

    private void crash(String shape, long seed) {
        TestImage image = TestImage.make(shape);
        TestImage.Shape parsed = image.shape();
        var random = new Random(seed);
        List<MemoryFile> before = new ArrayList<>(List.of(image.image().copy()));
        if (image.data() != null) {
            before.add(image.data().copy());
        }
        boolean resizes = !parsed.has("snapshots") && random.nextBoolean();
        int largest = Math.max(16 << 10, 2 * parsed.clusterSize());
        var mix = new GuestOp.Mix(parsed.size(), 512, parsed.clusterSize(), largest, resizes, false, false);
        List<GuestOp> script = mix.script(random, SCRIPT, 0);
        var run = new GuestRun(image, seed, 1 + random.nextInt(6), largest, false);
        String context = "\nshape: " + shape + ", seed: " + seed + ", script: " + script;
        try {
            run.open();
            run.run(script);
            run.close();
            new CrashStates(before, run.log())
                    .visit(2, random, (time, files, description) -> look(run, files, time, description, random));
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(e + context, e);
        }
    }

    private void look(GuestRun run, List<MemoryFile> files, int time, String description, Random random) {
        TestImage left = run.image().with(files.get(0), files.size() > 1 ? files.get(1) : null);
        boolean qemuToo = states.incrementAndGet() % SAMPLE == 0;
        try {
            boolean dirty =
                    (left.image().bytes(72, 8)[7] & 1) != 0 && !left.shape().version2();
            if (!dirty) {
                requireSound(left, qemuToo, "as it was left");
            }
            GuestDisk disk = Objects.requireNonNull(
                    GuestDisk.open(left, GuestDisk.Around.NOTHING).block(DEADLINE));
            byte[] contents = Objects.requireNonNull(disk.contents().block(DEADLINE));
            requireNull(run.history().judgeLength(contents.length, time));
            requireNull(run.history().judgeCrash(contents, time));
            byte[] expected = contents.clone();
            write(disk, expected, random);
            disk.close().block(DEADLINE);
            requireSound(left, qemuToo, "after Weir has written to it");
            disk = Objects.requireNonNull(
                    GuestDisk.open(left, GuestDisk.Around.NOTHING).block(DEADLINE));
            if (!Arrays.equals(disk.contents().block(DEADLINE), expected)) {
                throw new AssertionError("does not contain what Weir wrote after the crash");
            }
            disk.close().block(DEADLINE);
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    e + "\n" + description + " of "
                            + run.log().entries().stream()
                                    .map(entry -> "\n  " + entry.kind() + " " + entry.offset() + "+" + entry.length())
                                    .toList(),
                    e);
        }
        shown.addAndGet(qemuToo ? 1 : 0);
    }

    private static void write(GuestDisk disk, byte[] expected, Random random) {
        for (int tag = 9_000; tag < 9_003 && expected.length > 0; tag++) {
            int offset = random.nextInt(expected.length) / 512 * 512;
            byte[] data = GuestOp.data(tag, offset, Math.min(expected.length - offset, 5_120));
            System.arraycopy(data, 0, expected, offset, data.length);
            ByteBuffer src = ByteBuffer.allocateDirect(data.length).put(0, data);
            disk.backend().write(offset, src, WriteFlag.NONE).block(DEADLINE);
        }
        disk.backend().flush().block(DEADLINE);
    }

    private static void requireSound(TestImage image, boolean qemuToo, String when) {
        ImageVerdict verdict = ImageVerdict.of(image);
        if (verdict.corruptions() > 0) {
            throw new AssertionError("corrupt " + when + ": " + verdict.text());
        }
        if (qemuToo) {
            ImageVerdict other = ImageVerdict.ofQemu(image);
            if (other.corruptions() > 0 || other.leaks() != verdict.leaks()) {
                throw new AssertionError("QEMU says otherwise " + when + ": " + other.text() + "\n" + verdict.text());
            }
        }
    }

    private static void requireNull(@Nullable String wrong) {
        if (wrong != null) {
            throw new AssertionError(wrong);
        }
    }
}
