package dev.weir.benchmarks.endtoend;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What clients do in one measurement.
 *
 * @param mode fio's {@code rw}
 * @param blockSize fio's {@code bs}
 * @param depth requests in flight per job
 * @param jobs processes
 */
record Cell(String mode, String blockSize, int depth, int jobs) {
    private static final Pattern TEXT =
            Pattern.compile("((?:rand)?(?:read|write)):(\\d+[km]?):([1-9]\\d{0,4})(?::([1-9]\\d?))?");

    /**
     * Reads {@code mode:block-size:depth[:jobs]}.
     *
     * @throws IllegalArgumentException for anything else
     */
    static Cell parse(String text) {
        var matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a cell: '" + text + "'; one is rw:block-size:depth[:jobs]");
        }
        String jobs = matcher.group(4);
        return new Cell(
                matcher.group(1),
                matcher.group(2),
                Integer.parseInt(matcher.group(3)),
                jobs == null ? 1 : Integer.parseInt(jobs));
    }

    /** The block size in KiB, at least 1. */
    int kibibytes() {
        int number = Integer.parseInt(blockSize.replaceAll("[km]$", ""));
        if (blockSize.endsWith("m")) {
            return number * 1024;
        }
        return blockSize.endsWith("k") ? number : Math.max(1, number / 1024);
    }

    /** As arguments of fio. */
    List<String> arguments() {
        return List.of("--rw=" + mode, "--bs=" + blockSize, "--iodepth=" + depth, "--numjobs=" + jobs);
    }

    @Override
    public String toString() {
        return mode + ":" + blockSize + ":" + depth + (jobs == 1 ? "" : ":" + jobs);
    }
}
