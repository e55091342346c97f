package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.testing.QemuImg;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Two or three requests that meet, and every order in which the requests below them may be served. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class Qcow2InterleavingTest {
    private static final int CLUSTER = 4096;
    private static final int LARGEST = 64 << 10;

    /** Of one pair of requests on one image. */
    private static final int MOST_ORDERS = Integer.getInteger("weir.qcow2.orders", 250);

    private static final List<String> SHAPES = List.of(
            "size=256 cluster_size=4k",
            "size=256 cluster_size=4k backing=200",
            "size=256 cluster_size=4k snapshots",
            "size=256 cluster_size=16k extended_l2=on",
            "size=256 cluster_size=4k compat=0.10");

    /** Clusters are written %1, %2. What comes before the bar is done first. */
    private static final List<String> PAIRS = List.of(
            "|write 0 1;write 0 2",
            "|write 0 1;write 1 2",
            "|write 0 1;write 0 2;write 1 3",
            "write 0 9|write 0 1;discard 0 0",
            "write 0 9|write 0 1;discard 0 0;write 1 2",
            "|write 0 1;discard 0 0",
            "|write 0 1;zero 0 0",
            "write 0 9|write 0 1;zero 0 0",
            "write 0 9|write 0 1;unmap 0 0;write 1 2",
            "write 0 9;flush 0 0|read 0 0;discard 0 0;write 1 2",
            "write 0 9;flush 0 0|read 0 0;unmap 0 0;write 0 2",
            "|write 0 1;flush 0 0",
            "|write 0 1;flush 0 0;write 1 2",
            "write 0 9|discard 0 0;flush 0 0;write 1 3");

    @BeforeAll
    static void assumeQemu() {
        QemuImg.assumeInstalled();
    }

    static Stream<Arguments> meetings() {
        return SHAPES.stream().flatMap(shape -> PAIRS.stream().map(pair -> Arguments.of(shape, pair)));
    }

    @ParameterizedTest
    @MethodSource("meetings")
    void noOrderDoesHarm(String shape, String pair) {
        int cluster = new TestImage.Shape(shape).clusterSize();
        String[] parts = pair.split("\\|", -1);
        for (int bytes : new int[] {cluster, CLUSTER / 4}) {
            List<GuestOp> before = ops(parts[0], cluster, bytes);
            List<GuestOp> meeting = ops(parts[1], cluster, bytes);
            var orders = new Orders();
            int count = 0;
            boolean more = true;
            for (; more && count < MOST_ORDERS; count++) {
                meet(shape, before, meeting, orders);
                more = orders.next();
            }
            // Too many: as many again, from all over.
            for (int seed = 0; more && seed < MOST_ORDERS; seed++) {
                meet(shape, before, meeting, new Random(seed)::nextInt);
                count++;
            }
            assertThat(count).isGreaterThan(1);
        }
    }

    private static void meet(String shape, List<GuestOp> before, List<GuestOp> meeting, IntUnaryOperator orders) {
        TestImage image = TestImage.make(shape);
        var run = new GuestRun(image, 1, 4, LARGEST, false).withoutLog().choosing(orders);
        try {
            run.hold(false);
            run.open();
            run.run(before);
            run.hold(true);
            run.run(meeting);
            run.hold(false);
            run.lookAtAll();
            run.close();
            ImageVerdict verdict = ImageVerdict.of(image);
            if (!verdict.clean()) {
                throw new AssertionError(verdict.text());
            }
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(e + "\nafter " + before + ", with " + meeting + " in the order " + orders, e);
        }
    }

    /** Of the third cluster on, with an offset within it where the range is smaller. */
    private static List<GuestOp> ops(String text, int cluster, int bytes) {
        List<GuestOp> ops = new ArrayList<>();
        for (String op : text.isEmpty() ? new String[0] : text.split(";", -1)) {
            String[] words = op.split(" ", -1);
            long offset = (3L + Integer.parseInt(words[1])) * cluster + (bytes < cluster ? 512 : 0);
            GuestOp.Kind kind = words[0].equals("unmap")
                    ? GuestOp.Kind.ZERO
                    : GuestOp.Kind.valueOf(words[0].toUpperCase(Locale.ROOT));
            ops.add(new GuestOp(kind, offset, bytes, Integer.parseInt(words[2]), words[0].equals("unmap")));
        }
        return ops;
    }

    /** Goes through all sequences of choices, one a run: the first choice of each kind first, the last choice changes first. */
    private static final class Orders implements IntUnaryOperator {
        private final List<int[]> taken = new ArrayList<>();
        private int depth;

        @Override
        public int applyAsInt(int choices) {
            if (depth == taken.size()) {
                taken.add(new int[] {0, choices});
            }
            int[] choice = taken.get(depth++);
            if (choice[1] != choices) {
                throw new IllegalStateException("not the same choices as before: " + choices + " at " + this);
            }
            return choice[0];
        }

        /** Whether there is another sequence, which is the one of the next run. */
        boolean next() {
            depth = 0;
            while (!taken.isEmpty()) {
                int[] last = taken.get(taken.size() - 1);
                if (++last[0] < last[1]) {
                    return true;
                }
                taken.remove(taken.size() - 1);
            }
            return false;
        }

        @Override
        public String toString() {
            return taken.stream()
                    .map(choice -> choice[0] + "/" + choice[1])
                    .toList()
                    .toString();
        }
    }
}
