package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Suite;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The options that say what is measured, and for how long. */
final class PlanOptions {
    private static final int LARGEST_MIB = 1 << 20;

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "SUITE",
            description = "These suites only (default: all of them).")
    private List<Suite> only = new ArrayList<>();

    @Option(names = "--quick", description = "One round of fewer cells, with short warm-ups: a look, no measurement.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N", description = "Rounds (default: 5).")
    private @Nullable Integer rounds;

    @Option(names = "--runtime", paramLabel = "SECONDS", description = "Of one measurement (default: 1).")
    private int runtime = 1;

    @Option(
            names = "--warmup",
            paramLabel = "SECONDS",
            description = "Of each server, with the first and with the last cell (default: 3).")
    private @Nullable Integer warmup;

    @Option(
            names = "--pause-minutes",
            paramLabel = "MINUTES",
            description = "How long pauses of the heap are looked for (default: 1).")
    private @Nullable Double pauseMinutes;

    @Option(names = "--size", paramLabel = "MIB", description = "Of each image (default: 512).")
    private @Nullable Integer size;

    @Option(
            names = "--cells",
            split = ",",
            paramLabel = "CELL",
            description = "Other cells for the suites that use fio: rw:block-size:depth[:jobs].")
    private List<Cell> cells = new ArrayList<>();

    @Option(
            names = "--servers",
            split = ",",
            paramLabel = "NAME",
            description =
                    "Who takes part (default: Weir, QEMU and the minimal server; Weir and jnr-fuse where there is no"
                            + " QEMU).")
    private List<Contender> servers = new ArrayList<>();

    @Option(
            names = "--weir-args",
            paramLabel = "OPTIONS",
            description = "More options of 'weir export', separated by spaces.")
    private String weirOptions = "";

    /** @throws CommandLine.ParameterException where numbers make no sense */
    void check(CommandLine commandLine) {
        boolean positive = rounds() > 0 && runtime > 0 && size() > 0 && size() <= LARGEST_MIB && pauseMinutes() > 0;
        if (!positive || warmup() < 0) {
            throw new CommandLine.ParameterException(
                    commandLine, "--rounds, --runtime, --size and --pause-minutes are positive; --warmup may be 0");
        }
    }

    /**
     * The plan.
     *
     * @param here who can take part when nobody was named
     * @param help of {@code weir export}
     */
    Plan plan(List<Contender> here, String help) {
        List<String> added =
                weirOptions.isBlank() ? List.of() : List.of(weirOptions.strip().split("\\s+"));
        Set<Suite> suites = only.isEmpty() ? EnumSet.allOf(Suite.class) : EnumSet.copyOf(only);
        return new Plan(
                suites,
                servers.isEmpty() ? here : List.copyOf(servers),
                List.copyOf(cells),
                quick,
                rounds(),
                runtime,
                warmup(),
                size(),
                pauseMinutes(),
                WeirOptions.of(help, added));
    }

    /** Whether it is less than, or something else than, what the report is made of. */
    boolean isPart() {
        return quick || !only.isEmpty() || !cells.isEmpty() || !servers.isEmpty() || !weirOptions.isBlank();
    }

    /** The same options, for the report. */
    String text() {
        var text = new StringBuilder(quick ? "--quick " : "")
                .append(String.format(
                        Locale.ROOT,
                        "--rounds=%d --runtime=%d --warmup=%d --size=%d --pause-minutes=%.1f",
                        rounds(),
                        runtime,
                        warmup(),
                        size(),
                        pauseMinutes()));
        list(text, "only", only);
        list(text, "cells", cells);
        list(text, "servers", servers);
        if (!weirOptions.isBlank()) {
            text.append(" --weir-args='").append(weirOptions).append('\'');
        }
        return text.toString();
    }

    private static void list(StringBuilder text, String name, List<?> values) {
        if (!values.isEmpty()) {
            text.append(" --")
                    .append(name)
                    .append('=')
                    .append(values.stream().map(String::valueOf).collect(Collectors.joining(",")));
        }
    }

    private int size() {
        return size != null ? size : quick ? 128 : 512;
    }

    private int rounds() {
        return rounds != null ? rounds : quick ? 1 : 5;
    }

    private int warmup() {
        return warmup != null ? warmup : quick ? 1 : 3;
    }

    private double pauseMinutes() {
        return pauseMinutes != null ? pauseMinutes : quick ? 0.1 : 1;
    }
}
