package dev.weir.benchmarks.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The report in Markdown. */
final class MarkdownReport {
    private static final String NONE = "-";

    private final Results results;
    private final Analysis analysis;
    private final StringBuilder text = new StringBuilder();

    private MarkdownReport(Results results) {
        this.results = results;
        analysis = new Analysis(results);
    }

    /** @param charts those that there are, by the name of the file without its ending, and where they are */
    static String of(Results results, Map<String, String> charts) {
        var report = new MarkdownReport(results);
        report.head();
        report.text.append("## Targets\n\n").append(targets(results)).append('\n');
        report.chart(charts, "ratios", "Ratio of throughput to QEMU, median and spread, cell by cell");
        report.losses();
        for (Suite suite : Suite.CELLS) {
            report.cells(suite);
        }
        report.sequential();
        report.chart(charts, "latency", "Percentiles of latency, Weir and QEMU");
        report.scaling();
        report.chart(charts, "scaling", "Throughput and memory with 1 to 256 exports");
        report.heap();
        report.notes();
        return report.text.toString();
    }

    /** The tables of one suite. */
    static String section(Results results, Suite suite) {
        var report = new MarkdownReport(results);
        switch (suite) {
            case SEQUENTIAL -> report.sequential();
            case SCALING -> report.scaling();
            case GARBAGE -> report.heap();
            default -> report.rates(suite, report.analysis.contenders(suite));
        }
        return report.text.toString();
    }

    /** The table of targets. */
    static String targets(Results results) {
        boolean minimal = hasMinimal(results);
        List<String> columns = new ArrayList<>(List.of("target", "measured, worst", "reached"));
        if (minimal) {
            columns.add("minimal server there");
        }
        var table = new Table(columns);
        for (Target target : Targets.all()) {
            Target.Outcome outcome = target.evaluate(results);
            List<String> row = new ArrayList<>(
                    List.of(target.text(), outcome.measured(), outcome.verdict().toString()));
            if (minimal) {
                row.add(outcome.minimal());
            }
            table.row(row);
        }
        return table.toString();
    }

    private static boolean hasMinimal(Results results) {
        return results.samples().stream().map(Sample::contender).anyMatch(Analysis::isMinimal);
    }

    private void head() {
        Environment environment = results.environment();
        text.append("# Weir against QEMU\n\n")
                .append("Written by `benchmarks/run.sh`, which measures all of it again; not by hand.\n\n")
                .append("Measured on ")
                .append(environment.date())
                .append(", with `run.sh ")
                .append(environment.options())
                .append("`:\n\n");
        var table = new Table(List.of("machine", ""));
        environment.machine().forEach((aspect, value) -> table.row(List.of(aspect, value)));
        environment.versions().forEach((program, version) -> table.row(List.of(program, version)));
        text.append(table)
                .append(
                        "\nIn every round each cell ran on each server, one after the other, in alternating order. A ratio is")
                .append(" that of one round, Weir to\nthe better of two configurations of `qemu-storage-daemon`: `qsd`")
                .append(" with one event loop, `qsd-mt` with two I/O threads,\nboth with `aio=io_uring` and")
                .append(
                        " `growable=on`. What is quoted is the median of the rounds, with [min..max]. Absolute figures\n")
                .append("are medians, too; on shared machines they move more than ratios do. A cell is")
                .append(" `mode:size:depth[:jobs]` of fio.\n\n");
        if (hasMinimal(results)) {
            text.append(
                            "The minimal server is a yardstick in C (`src/main/c/minimal.c`): it receives a request, copies, answers,")
                    .append(
                            " and does nothing else,\nwith one thread (`minimal`) and with two (`minimal-mt`); the better one")
                    .append(
                            " counts, as with QEMU. Where it misses a target,\n`/dev/fuse` leaves no room for that to whoever")
                    .append(
                            " makes a system call for each step of each request. In place of a qcow2 image it has an empty raw one.\n\n");
        }
    }

    private void chart(Map<String, String> charts, String name, String alternative) {
        String place = charts.get(name);
        if (place != null) {
            text.append("![").append(alternative).append("](").append(place).append(")\n\n");
        }
    }

    /** What the figures say against Weir, by themselves. */
    private void losses() {
        text.append("## Where QEMU still wins\n\n");
        List<String> losses = new ArrayList<>();
        boolean compared = false;
        for (Suite suite : Suite.PAIRED) {
            for (String cell : analysis.cells(suite)) {
                compared |= analysis.ratioToQemu(suite, cell, Metric.RATE).isPresent();
                List<String> worse = new ArrayList<>();
                loss(suite, cell, Metric.RATE, "throughput").ifPresent(worse::add);
                loss(suite, cell, Metric.P99, "p99 latency").ifPresent(worse::add);
                loss(suite, cell, Metric.CPU, "CPU time a request").ifPresent(worse::add);
                if (!worse.isEmpty()) {
                    losses.add("- " + suite.title() + ", `" + cell + "`: " + String.join(", ", worse) + "\n");
                }
            }
        }
        if (!compared) {
            text.append("Nothing was compared with QEMU.\n");
        } else if (losses.isEmpty()) {
            text.append("In none of the cells that were measured.\n");
        } else {
            losses.forEach(text::append);
        }
        text.append('\n');
    }

    private Optional<String> loss(Suite suite, String cell, Metric metric, String what) {
        return analysis.ratioToQemu(suite, cell, metric)
                .map(ratio -> Spread.rounded(ratio.median()))
                .filter(ratio -> ratio != 1 && metric.better(ratio, 1) == 1)
                .map(ratio -> what + " " + format("%.2f", ratio) + " of QEMU's");
    }

    private void cells(Suite suite) {
        List<String> contenders = analysis.contenders(suite);
        rates(suite, contenders);
        if (!contenders.isEmpty()) {
            details(suite, contenders);
        }
    }

    private void rates(Suite suite, List<String> contenders) {
        if (contenders.isEmpty()) {
            return;
        }
        text.append("## ").append(suite.title()).append("\n\n");
        List<String> columns = new ArrayList<>(List.of("cell"));
        contenders.forEach(name -> columns.add(name + " IOPS"));
        columns.addAll(List.of("ratio", "p99 ratio", "CPU ratio"));
        boolean minimal = contenders.stream().anyMatch(Analysis::isMinimal);
        if (minimal) {
            columns.addAll(List.of("minimal's ratio", "minimal's p99 ratio"));
        }
        List<String> others = contenders.stream()
                .filter(name -> !name.equals(Analysis.WEIR) && !Analysis.isQemu(name) && !Analysis.isMinimal(name))
                .toList();
        others.forEach(name -> columns.add("ratio to " + name));
        var table = new Table(columns);
        for (String cell : analysis.cells(suite)) {
            List<String> row = new ArrayList<>(List.of(cell));
            contenders.forEach(name -> row.add(median(suite, cell, name, Metric.RATE, "%.0f")));
            for (Metric metric : List.of(Metric.RATE, Metric.P99, Metric.CPU)) {
                row.add(ratio(analysis.ratioToQemu(suite, cell, metric)));
            }
            if (minimal) {
                row.add(ratio(analysis.minimalToQemu(suite, cell, Metric.RATE)));
                row.add(ratio(analysis.minimalToQemu(suite, cell, Metric.P99)));
            }
            others.forEach(name -> row.add(ratio(analysis.ratioTo(name, suite, cell, Metric.RATE))));
            table.row(row);
        }
        text.append(table).append('\n');
    }

    private void details(Suite suite, List<String> contenders) {
        var table = new Table(List.of("cell, server", "mean us", "p50 us", "p99 us", "p99.9 us", "CPU us a request"));
        for (String cell : analysis.cells(suite)) {
            for (String name : contenders) {
                List<String> row = new ArrayList<>(List.of(cell + ", " + name));
                for (Metric metric : List.of(Metric.MEAN, Metric.P50, Metric.P99, Metric.P999, Metric.CPU)) {
                    row.add(median(suite, cell, name, metric, "%.1f"));
                }
                table.row(row);
            }
        }
        text.append("<details><summary>latencies and CPU time</summary>\n\n")
                .append(table)
                .append("\n</details>\n\n");
    }

    private void sequential() {
        List<String> contenders = analysis.contenders(Suite.SEQUENTIAL);
        if (contenders.isEmpty()) {
            return;
        }
        text.append("## ").append(Suite.SEQUENTIAL.title()).append("\n\n");
        List<String> columns = new ArrayList<>(List.of("client"));
        contenders.forEach(name -> columns.add(name + " MB/s"));
        columns.addAll(List.of("ratio", "CPU ratio"));
        var table = new Table(columns);
        for (String cell : analysis.cells(Suite.SEQUENTIAL)) {
            List<String> row = new ArrayList<>(List.of(cell));
            contenders.forEach(name -> row.add(median(Suite.SEQUENTIAL, cell, name, Metric.RATE, "%.0f")));
            row.add(ratio(analysis.ratioToQemu(Suite.SEQUENTIAL, cell, Metric.RATE)));
            row.add(ratio(analysis.ratioToQemu(Suite.SEQUENTIAL, cell, Metric.CPU)));
            table.row(row);
        }
        text.append(table).append('\n');
    }

    private void scaling() {
        List<String> contenders = analysis.contenders(Suite.SCALING);
        if (contenders.isEmpty()) {
            return;
        }
        text.append("## ")
                .append(Suite.SCALING.title())
                .append("\n\n")
                .append(
                        "Random reads of 4 KiB at depth 32, spread over all exports of one process with one I/O thread.\n\n");
        var table = new Table(
                List.of("exports, server", "IOPS", "of one export's", "resident MiB", "in flight MiB", "buffers MiB"));
        List<String> cells = analysis.cells(Suite.SCALING);
        for (String cell : cells) {
            for (String name : contenders) {
                Optional<Footprint> memory = results.footprints().stream()
                        .filter(f -> f.contender().equals(name)
                                && String.valueOf(f.exports()).equals(cell))
                        .findFirst();
                table.row(List.of(
                        cell + ", " + name,
                        median(Suite.SCALING, cell, name, Metric.RATE, "%.0f"),
                        ratio(analysis.relative(Suite.SCALING, cell, cells.get(0), name)),
                        memory.map(f -> mebibytes(f.residentBytes())).orElse(NONE),
                        memory.map(Footprint::inFlightBytes)
                                .map(MarkdownReport::mebibytes)
                                .orElse(NONE),
                        memory.map(Footprint::bufferBytes)
                                .map(MarkdownReport::mebibytes)
                                .orElse(NONE)));
            }
        }
        text.append(table).append('\n');
    }

    private void heap() {
        if (results.heap().isEmpty()) {
            return;
        }
        text.append("## ")
                .append(Suite.GARBAGE.title())
                .append("\n\n")
                .append("Weir's JVM with a heap of 64 MiB, from its log of collections.\n\n");
        var table =
                new Table(List.of("load", "seconds", "requests", "bytes a request", "collections", "longest pause ms"));
        for (HeapLoad load : results.heap()) {
            table.row(List.of(
                    load.cell(),
                    format("%.0f", load.seconds()),
                    String.valueOf(load.requests()),
                    format("%.1f", load.bytesPerRequest()),
                    String.valueOf(load.collections()),
                    format("%.2f", load.longestPauseMillis())));
        }
        text.append(table).append('\n');
    }

    private void notes() {
        if (!results.notes().isEmpty()) {
            text.append("## Not measured\n\n");
            results.notes().forEach(note -> text.append("- ").append(note).append('\n'));
        }
    }

    private String median(Suite suite, String cell, String name, Metric metric, String pattern) {
        return analysis.figures(suite, cell, name, metric)
                .map(spread -> format(pattern, spread.median()))
                .orElse(NONE);
    }

    private static String ratio(Optional<Spread> ratio) {
        return ratio.map(r -> format("%.2f [%.2f..%.2f]", r.median(), r.min(), r.max()))
                .orElse(NONE);
    }

    private static String mebibytes(long bytes) {
        return format("%.1f", bytes / 0x1p20);
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }
}
