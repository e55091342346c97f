package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** What /proc tells about a process, and waiting for what happens in one. */
final class ProcessStatus {
    private static final int TICKS_A_SECOND = 100;

    private ProcessStatus() {}

    /** Processor time so far. */
    static Duration cpu(long pid) {
        return cpu(Path.of("/proc", Long.toString(pid)));
    }

    /** As {@link #cpu(long)}, of a process or a thread by its directory in /proc. */
    static Duration cpu(Path directory) {
        // The name in parentheses may hold blanks: count from behind it. Fields 14 and 15 of proc_pid_stat(5).
        String stat = read(directory.resolve("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        long ticks = Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        return Duration.ofMillis(ticks * 1000 / TICKS_A_SECOND);
    }

    /** Memory in KiB: {@code VmRSS} now, {@code VmHWM} at most. */
    static long memory(long pid, String field) {
        return read(Path.of("/proc", Long.toString(pid), "status"))
                .lines()
                .filter(line -> line.startsWith(field + ":"))
                .map(line -> line.replaceAll("[^0-9]", ""))
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElseThrow();
    }

    static void signal(long pid, String name) {
        Client.run("kill", "-" + name, Long.toString(pid)).ok();
    }

    /** Fails where the condition does not come to hold in time. */
    static void await(String what, Duration limit, BooleanSupplier condition) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("%s within %s", what, limit).isLessThan(deadline);
            sleep(Duration.ofMillis(10));
        }
    }

    static void await(Path file) {
        await(file + " is there", Duration.ofSeconds(30), () -> Files.exists(file));
    }

    static void sleep(Duration time) {
        try {
            Thread.sleep(time.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
