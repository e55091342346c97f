package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LatencyHistogramTest {
    private final LatencyHistogram histogram = new LatencyHistogram();

    @ParameterizedTest
    @CsvSource({"-1,0", "0,0", "1,0", "2,1", "3,1", "4,2", "1023,9", "1024,10", "549755813888,39"})
    void countsByTheLogarithm(long nanos, int bucket) {
        histogram.add(nanos);

        assertThat(histogram.counts()[bucket]).isEqualTo(1);
        assertThat(histogram.count()).isEqualTo(1);
    }

    @Test
    void whatTakesForEverIsCountedToo() {
        histogram.add(Long.MAX_VALUE);
        histogram.add(Long.MAX_VALUE);

        assertThat(histogram.counts()[LatencyHistogram.BUCKETS - 1]).isEqualTo(2);
    }
}
