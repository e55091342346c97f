package dev.weir.benchmarks.report;

import org.jspecify.annotations.Nullable;

/** A figure of a sample. */
enum Metric {
    /** Higher is better. */
    RATE(true) {
        @Override
        public Double of(Sample sample) {
            return sample.rate();
        }
    },
    /** Microseconds. */
    MEAN(false) {
        @Override
        public @Nullable Double of(Sample sample) {
            return sample.latency() == null ? null : sample.latency().mean();
        }
    },
    /** Microseconds. */
    P50(false) {
        @Override
        public @Nullable Double of(Sample sample) {
            return percentile(sample, "50");
        }
    },
    /** Microseconds. */
    P99(false) {
        @Override
        public @Nullable Double of(Sample sample) {
            return percentile(sample, "99");
        }
    },
    /** Microseconds. */
    P999(false) {
        @Override
        public @Nullable Double of(Sample sample) {
            return percentile(sample, "99.9");
        }
    },
    /** Microseconds of the server for one request. */
    CPU(false) {
        @Override
        public @Nullable Double of(Sample sample) {
            return sample.cpuMicros();
        }
    };

    private final boolean higherIsBetter;

    Metric(boolean higherIsBetter) {
        this.higherIsBetter = higherIsBetter;
    }

    /** Null where the sample has none. */
    abstract @Nullable Double of(Sample sample);

    /** The better of two figures. */
    double better(double one, double other) {
        return higherIsBetter ? Math.max(one, other) : Math.min(one, other);
    }

    private static @Nullable Double percentile(Sample sample, String name) {
        return sample.latency() == null ? null : sample.latency().percentiles().get(name);
    }
}
