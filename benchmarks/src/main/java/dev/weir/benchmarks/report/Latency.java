package dev.weir.benchmarks.report;

import java.util.Map;

/**
 * How long requests took.
 *
 * @param mean microseconds
 * @param percentiles microseconds by percentile, whose names are such as {@code 99.9}
 */
public record Latency(double mean, Map<String, Double> percentiles) {
    /** @throws IllegalArgumentException where it is not known */
    public double percentile(String name) {
        Double micros = percentiles.get(name);
        if (micros == null) {
            throw new IllegalArgumentException("no percentile " + name);
        }
        return micros;
    }
}
