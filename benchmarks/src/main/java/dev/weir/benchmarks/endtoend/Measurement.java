package dev.weir.benchmarks.endtoend;

import java.util.Arrays;
import java.util.Collection;
import java.util.function.ToDoubleFunction;

/**
 * What fio reports of one run.
 *
 * @param iops requests a second, of all jobs
 * @param meanMicros mean time of a request in microseconds
 */
record Measurement(double iops, double meanMicros) {
    // Fields of fio's terse format, version 3, counted from 0; those of writes come behind those of reads.
    private static final int ERROR = 4;
    private static final int TOTAL = 5;
    private static final int IOPS = 7;
    private static final int MEAN = 39;
    private static final int WRITES = 41;

    /**
     * Reads a line of {@code --output-format=terse --terse-version=3}.
     *
     * @throws ComparisonException where it is none, or tells of an error
     */
    static Measurement parse(String line) throws ComparisonException {
        String[] fields = line.split(";", -1);
        if (fields.length < MEAN + WRITES || !fields[0].equals("3")) {
            throw new ComparisonException("fio said: " + line);
        }
        if (!fields[ERROR].equals("0")) {
            throw new ComparisonException("fio met I/O error " + fields[ERROR]);
        }
        int shift = fields[TOTAL].equals("0") ? WRITES : 0;
        return new Measurement(Double.parseDouble(fields[IOPS + shift]), Double.parseDouble(fields[MEAN + shift]));
    }

    /** The median of one figure. */
    static double median(Collection<Measurement> of, ToDoubleFunction<Measurement> figure) {
        return median(of.stream().mapToDouble(figure).toArray());
    }

    /** The median. */
    static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
