package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Environment;
import dev.weir.benchmarks.report.Report;
import dev.weir.benchmarks.report.Results;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** The suites, one after the other. One that fails is noted and does not take the others with it. */
final class Sequence {
    private final Run run;
    private final Environment environment;
    private final PrintWriter out;
    private final Consumer<String> complaints;

    Sequence(Run run, Environment environment, PrintWriter out, Consumer<String> complaints) {
        this.run = run;
        this.environment = environment;
        this.out = out;
        this.complaints = complaints;
    }

    /**
     * Measures.
     *
     * @param partial where the figures are while there are more to come, so that an interrupt loses one suite at most
     * @return whether all were measured
     */
    boolean measure(Path partial) throws IOException, InterruptedException {
        List<Measurements> suites = Measurements.all().stream()
                .filter(measurements -> run.plan().suites().contains(measurements.suite()))
                .toList();
        suites.forEach(measurements -> measurements.announce(run));
        boolean whole = true;
        for (Measurements measurements : suites) {
            whole &= measure(measurements);
            if (run.clients().isClosed()) {
                return false;
            }
            Results results = run.results(environment);
            results.write(partial);
            run.progress().clear();
            out.print(Report.section(results, measurements.suite()));
            out.flush();
        }
        Files.deleteIfExists(partial);
        return whole;
    }

    private boolean measure(Measurements measurements) throws InterruptedException {
        try {
            measurements.measure(run);
            return true;
        } catch (ComparisonException | IOException e) {
            if (!run.clients().isClosed()) {
                run.progress().clear();
                complaints.accept(measurements.suite() + ": " + e.getMessage());
                run.notes().add(measurements.suite() + ": " + withoutPaths(String.valueOf(e.getMessage())));
            }
            return false;
        }
    }

    /** A report tells nothing of where things are. */
    static String withoutPaths(String message) {
        return message.replaceAll("(?<![\\w.])/[\\w.+-]+(/[\\w.+-]+)*", "FILE").replace('\n', ' ');
    }
}
