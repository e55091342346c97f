package dev.weir.benchmarks.endtoend;

import java.util.regex.Pattern;

/** What the kernel tells of a process in {@code /proc/PID}. */
final class ProcessStatus {
    /** Of the fields behind the name, which may contain anything, parentheses too. */
    private static final int USER = 11;

    private static final int SYSTEM = 12;

    /** USER_HZ is 100 on every architecture that a JVM runs on. */
    private static final double MICROS_PER_TICK = 10_000;

    private static final Pattern RESIDENT = Pattern.compile("^VmRSS:\\s*(\\d+) kB$", Pattern.MULTILINE);

    private ProcessStatus() {}

    /** User and system time in {@code stat}. */
    static double cpuMicros(String stat) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[USER]) + Long.parseLong(fields[SYSTEM])) * MICROS_PER_TICK;
    }

    /** The resident set in {@code status}. */
    static long residentBytes(String status) {
        var matcher = RESIDENT.matcher(status);
        if (!matcher.find()) {
            throw new IllegalArgumentException("no VmRSS");
        }
        return Long.parseLong(matcher.group(1)) << 10;
    }
}
