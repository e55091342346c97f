package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockErrorKind;
import dev.weir.testing.FaultyDevice;
import dev.weir.testing.QemuImg;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Makes each request below a script fail in turn, alone or with all that follow. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class Qcow2FailureTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final int LARGEST = 64 << 10;

    @BeforeAll
    static void assumeQemu() {
        QemuImg.assumeInstalled();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "size=128 cluster_size=512",
                "size=512 cluster_size=4k filled",
                "size=512 cluster_size=16k extended_l2=on backing=300",
                "size=256 cluster_size=4k compat=0.10 backing=300",
                "size=256 cluster_size=4k snapshots",
                "size=512 cluster_size=4k data_file=data.raw"
            })
    void anyFailureBelowIsToldAndDoesNotCorrupt(String shape) {
        TestImage.Shape parsed = new TestImage.Shape(shape);
        var mix = new GuestOp.Mix(
                parsed.size(), 512, parsed.clusterSize(), LARGEST, !parsed.has("snapshots"), false, false);
        List<GuestOp> script = mix.script(new Random(7), 60, 0);
        int injected = 0;
        for (BlockErrorKind kind : List.of(BlockErrorKind.IO, BlockErrorKind.NO_SPACE)) {
            for (boolean sticky : new boolean[] {false, true}) {
                for (int depth : new int[] {1, 4}) {
                    int n = 0;
                    while (failsAt(shape, script, n, kind, sticky, depth)) {
                        n++;
                    }
                    injected += n;
                }
            }
        }
        assertThat(injected).isGreaterThan(300);
    }

    /** False where there is no request of that number. */
    private static boolean failsAt(
            String shape, List<GuestOp> script, int number, BlockErrorKind kind, boolean sticky, int depth) {
        TestImage image = TestImage.make(shape);
        var faults = new FaultyDevice();
        var run = new GuestRun(image, number, depth, LARGEST, false).failing((name, device) -> faults.around(device));
        String failing = "";
        try {
            run.open();
            faults.fail(number, kind, sticky);
            run.run(script);
            failing = faults.requests().size() > number ? faults.requests().get(number) : "none";
            faults.heal();
            // Discards of the file need not succeed.
            if (faults.failed() > 0 && sticky && !failing.startsWith("DISCARD") && run.failedRequests() == 0) {
                throw new AssertionError("nobody was told");
            }
            run.lookAtAll();
            // From here on, what a flush has made sure is there; what it has not may be lost.
            run.run(List.of(new GuestOp(GuestOp.Kind.FLUSH, 0, 0, 0, false)));
            run.close();
            ImageVerdict verdict = ImageVerdict.of(image);
            if (verdict.corruptions() > 0) {
                throw new AssertionError("corrupt: " + verdict.text());
            }
            reopen(run, image);
            return faults.failed() > 0;
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    e + "\nrequest " + number + " (" + failing + ") failed with " + kind
                            + (sticky ? ", and the rest" : "") + ", depth " + depth + ", shape: " + shape,
                    e);
        }
    }

    private static void reopen(GuestRun run, TestImage image) {
        GuestDisk disk = Objects.requireNonNull(
                GuestDisk.open(image, GuestDisk.Around.NOTHING).block(DEADLINE));
        byte[] contents = Objects.requireNonNull(disk.contents().block(DEADLINE));
        int now = run.log().tick();
        GuestHistory history = run.history();
        requireNull(history.judgeLength(contents.length, now));
        requireNull(history.judgeCrash(contents, now));
        disk.close().block(DEADLINE);
        ImageVerdict verdict = ImageVerdict.of(image);
        if (verdict.corruptions() > 0) {
            throw new AssertionError("corrupt after it was opened again: " + verdict.text());
        }
    }

    private static void requireNull(@Nullable String wrong) {
        if (wrong != null) {
            throw new AssertionError("opened again: " + wrong);
        }
    }
}
