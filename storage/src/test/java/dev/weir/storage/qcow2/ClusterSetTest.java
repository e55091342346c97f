package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;

class ClusterSetTest {
    private static final Geometry GEOMETRY = new Geometry(9, 4, false);
    private final ClusterSet set = new ClusterSet();

    @Test
    void agreesWithASet() {
        var random = new Random(3);
        Set<Long> model = new HashSet<>();
        for (int i = 0; i < 30_000; i++) {
            long first = random.nextInt(300);
            int count = 1 + random.nextInt(12);
            switch (random.nextInt(5)) {
                case 0, 1 -> {
                    set.add(first);
                    model.add(first);
                }
                case 2 -> {
                    set.addRange(first * 512, count * 512L - 5, GEOMETRY);
                    forEach(first, count, model::add);
                }
                default -> {
                    set.removeRange(first * 512, count * 512L - 5, GEOMETRY);
                    forEach(first, count, model::remove);
                }
            }
            long looked = random.nextInt(330);
            assertThat(set.contains(looked)).isEqualTo(model.contains(looked));
            assertThat(set.touches(looked * 512, 1_024, GEOMETRY))
                    .isEqualTo(model.contains(looked) || model.contains(looked + 1));
        }
    }

    private static void forEach(long first, int count, LongConsumer action) {
        for (long cluster = first; cluster < first + count; cluster++) {
            action.accept(cluster);
        }
    }

    /** As many as an L1 table of 8 MiB names: a page of bits for each would be gigabytes. */
    @Test
    void takesLittleMemoryForClustersThatLieFarApart() {
        for (long i = 0; i < 1 << 20; i++) {
            set.add(i << 27);
        }
        assertThat(set.contains(5L << 27)).isTrue();
        assertThat(set.contains((5L << 27) + 1)).isFalse();
    }
}
