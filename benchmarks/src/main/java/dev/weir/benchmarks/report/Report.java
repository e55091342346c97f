package dev.weir.benchmarks.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The report of a run: {@code report.md}, and its charts in the directory {@code report} beside it. */
public final class Report {
    /** Name of the file. */
    public static final String FILE = "report.md";

    /** Name of the directory of charts and raw figures. */
    public static final String DIRECTORY = "report";

    /** Name of the raw figures, in {@link #DIRECTORY}. */
    public static final String FIGURES = "figures.json";

    private Report() {}

    /**
     * Writes it into a directory that exists. Where the JVM cannot draw text, the report has no charts, and says so.
     *
     * @return why there are no charts; empty where there are
     */
    public static Optional<String> write(Results results, Path directory) throws IOException {
        Path charts = Files.createDirectories(directory.resolve(DIRECTORY));
        Map<String, String> places = new LinkedHashMap<>();
        Optional<String> missing = draw(results, charts, places);
        String text = MarkdownReport.of(results, places);
        Files.writeString(
                directory.resolve(FILE),
                missing.map(why -> text + "\nNo charts: " + why + "\n").orElse(text));
        return missing;
    }

    /** The tables of one suite, in Markdown, as the report has them. */
    public static String section(Results results, Suite suite) {
        return MarkdownReport.section(results, suite);
    }

    /** The table of targets, in Markdown, as the report has it. */
    public static String targets(Results results) {
        return MarkdownReport.targets(results);
    }

    private static Optional<String> draw(Results results, Path directory, Map<String, String> places)
            throws IOException {
        try {
            var analysis = new Analysis(results);
            Map<String, Optional<SvgChart>> charts = new LinkedHashMap<>();
            charts.put("ratios", RatioChart.of(analysis));
            charts.put("latency", LatencyChart.of(analysis));
            charts.put("scaling", ScalingChart.of(results));
            for (var entry : charts.entrySet()) {
                Path file = directory.resolve(entry.getKey() + ".svg");
                Files.deleteIfExists(file);
                if (entry.getValue().isPresent()) {
                    entry.getValue().get().write(file);
                    places.put(entry.getKey(), DIRECTORY + "/" + file.getFileName());
                }
            }
            return Optional.empty();
        } catch (Error | RuntimeException e) {
            if (!Fonts.areWhy(e)) {
                throw e;
            }
            places.clear();
            return Optional.of(Fonts.ADVICE);
        }
    }
}
