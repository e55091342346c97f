package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StaleRangesTest {
    private final StaleRanges ranges = new StaleRanges();

    @Test
    void neighboursBecomeOne() {
        ranges.add(4096, 8192);
        ranges.add(8192, 10_000);
        ranges.add(0, 5000);

        assertThat(ranges.count()).isOne();
        assertThat(ranges.from(0)).isZero();
        assertThat(ranges.length(0)).isEqualTo(10_000);
    }

    @Test
    void othersStandForThemselves() {
        ranges.add(4096, 8192);
        ranges.add(20_000, 20_001);

        assertThat(ranges.count()).isEqualTo(2);
        assertThat(ranges.from(1)).isEqualTo(20_000);
        assertThat(ranges.length(1)).isOne();
    }

    @Test
    void whatGoesToTheEndHasNoLength() {
        ranges.add(4096, Long.MAX_VALUE);

        assertThat(ranges.length(0)).isZero();
    }

    @Test
    void tooManyBecomeOneThatCoversThem() {
        for (int i = 100; i > 0; i--) {
            ranges.add(i * 10_000L, i * 10_000L + 1);
        }

        assertThat(ranges.count()).isLessThanOrEqualTo(64);
        long least = Long.MAX_VALUE;
        long covered = 0;
        for (int i = 0; i < ranges.count(); i++) {
            least = Math.min(least, ranges.from(i));
            covered = Math.max(covered, ranges.from(i) + ranges.length(i));
        }
        assertThat(least).isEqualTo(10_000);
        assertThat(covered).isEqualTo(1_000_001);
    }
}
