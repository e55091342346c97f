package dev.weir.benchmarks.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs fio.
 *
 * @param engine how it does I/O, such as {@code io_uring}
 * @param megabytes of the file that it uses
 */
record Fio(String engine, int megabytes) {
    /** What fio may take on top of its run time before it is taken for stuck. */
    private static final int GRACE_SECONDS = 30;

    /** Measures for {@code seconds}, after a short ramp. */
    Measurement run(Path file, Cell cell, int seconds) throws IOException, InterruptedException, ComparisonException {
        List<String> command = new ArrayList<>(List.of(
                "fio",
                "--name=cell",
                "--filename=" + file,
                "--direct=1",
                "--ioengine=" + engine,
                "--size=" + megabytes + "m",
                "--time_based",
                "--runtime=" + seconds + "s",
                "--ramp_time=200ms",
                "--randrepeat=0",
                "--norandommap",
                "--group_reporting",
                "--output-format=terse",
                "--terse-version=3"));
        command.addAll(cell.arguments());
        Path output = Files.createTempFile("weir-fio-", ".out");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(seconds + GRACE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new ComparisonException("fio is stuck on " + file + " in cell " + cell);
            }
            List<String> lines = Files.readAllLines(output);
            String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
            if (process.exitValue() != 0) {
                throw new ComparisonException("fio fails on " + file + " in cell " + cell + ": " + last);
            }
            return Measurement.parse(last);
        } finally {
            Files.delete(output);
        }
    }
}
