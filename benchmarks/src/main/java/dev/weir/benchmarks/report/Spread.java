package dev.weir.benchmarks.report;

import java.util.Arrays;
import java.util.Collection;

/** The figures of all rounds: what is quoted is the median, and how far they lie apart. */
record Spread(double median, double min, double max) {
    private static final double PERCENT = 100;

    /** To two decimals, as figures are shown: what is compared with a bound is what people see. */
    static double rounded(double figure) {
        return Math.round(figure * PERCENT) / PERCENT;
    }

    /** @throws IllegalArgumentException where there is no figure */
    static Spread of(Collection<Double> figures) {
        if (figures.isEmpty()) {
            throw new IllegalArgumentException("no figures");
        }
        double[] sorted = figures.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }
}
