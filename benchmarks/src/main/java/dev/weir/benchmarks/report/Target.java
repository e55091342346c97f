package dev.weir.benchmarks.report;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is to be reached.
 *
 * @param text for people
 * @param evaluation what was measured of it
 */
record Target(String text, Function<Results, Outcome> evaluation) {
    /** Whether a target was reached. */
    enum Verdict {
        REACHED("yes"),
        MISSED("**no**"),
        NOT_MEASURED("not measured");

        private final String text;

        Verdict(String text) {
            this.text = text;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /**
     * How it stands.
     *
     * @param measured for people
     * @param verdict whether that is enough
     * @param minimal what the minimal server has of it, in the cell that is Weir's worst, for people
     */
    record Outcome(String measured, Verdict verdict, String minimal) {
        private static final String NOTHING = "-";
        private static final Outcome NONE = new Outcome(NOTHING, Verdict.NOT_MEASURED, NOTHING);

        private static Outcome of(String measured, boolean reached, Optional<Double> minimal) {
            return new Outcome(
                    measured,
                    reached ? Verdict.REACHED : Verdict.MISSED,
                    minimal.map(Target::decimals).orElse(NOTHING));
        }
    }

    Outcome evaluate(Results results) {
        return evaluation.apply(results);
    }

    /** Each cell's median ratio to QEMU is at least {@code bound}. */
    static Target ratio(Set<Suite> suites, Predicate<String> cells, String what, double bound) {
        return worstRatio(what + ": at least " + decimals(bound), Metric.RATE, suites, cells, Spread::median, bound);
    }

    /** No round of any cell has a ratio to QEMU below {@code bound}. */
    static Target lowestRound(Set<Suite> suites, String what, double bound) {
        return worstRatio(
                what + ": at least " + decimals(bound), Metric.RATE, suites, cell -> true, Spread::min, bound);
    }

    /** Each cell's median ratio to QEMU of a figure of which less is better is at most {@code bound}. */
    static Target atMost(Metric metric, Set<Suite> suites, String what, double bound) {
        return worstRatio(what + ": at most " + decimals(bound), metric, suites, cell -> true, Spread::median, bound);
    }

    private static Target worstRatio(
            String text,
            Metric metric,
            Set<Suite> suites,
            Predicate<String> cells,
            ToDoubleFunction<Spread> figure,
            double bound) {
        return new Target(text, results -> {
            var analysis = new Analysis(results);
            String where = "";
            @Nullable Double worst = null;
            Optional<Double> minimal = Optional.empty();
            for (Suite suite : suites) {
                for (String cell : analysis.cells(suite).stream().filter(cells).toList()) {
                    var ratio = analysis.ratioToQemu(suite, cell, metric);
                    if (ratio.isPresent()) {
                        double value = Spread.rounded(figure.applyAsDouble(ratio.get()));
                        if (worst == null || metric.better(worst, value) == worst) {
                            worst = value;
                            where = suite + " " + cell;
                            minimal =
                                    analysis.minimalToQemu(suite, cell, metric).map(figure::applyAsDouble);
                        }
                    }
                }
            }
            return worst == null
                    ? Outcome.NONE
                    : Outcome.of(decimals(worst) + " (" + where + ")", metric.better(worst, bound) == worst, minimal);
        });
    }

    /** Weir's rate in one cell is at least {@code bound} of its rate in another. */
    static Target relative(Suite suite, String cell, String toCell, String what, double bound) {
        return new Target(what + ": at least " + decimals(bound), results -> {
            var analysis = new Analysis(results);
            return analysis.relative(suite, cell, toCell, Analysis.WEIR)
                    .map(spread -> Outcome.of(
                            decimals(spread.median()),
                            Spread.rounded(spread.median()) >= bound,
                            analysis.relative(suite, cell, toCell, Analysis.MINIMAL)
                                    .map(Spread::median)))
                    .orElse(Outcome.NONE);
        });
    }

    /** The largest of the figures of all loads of the heap is at most {@code bound}. */
    static Target heap(String text, ToDoubleFunction<HeapLoad> figure, String unit, double bound) {
        return new Target(
                text,
                results -> results.heap().stream().mapToDouble(figure).max().stream()
                        .mapToObj(value -> Outcome.of(
                                String.format(Locale.ROOT, "%.1f %s", value, unit), value <= bound, Optional.empty()))
                        .findAny()
                        .orElse(Outcome.NONE));
    }

    /** Weir's buffers for requests, used or not, never occupied more memory than {@code bound}. */
    static Target buffers(String text, long bound) {
        return new Target(
                text,
                results -> results.footprints().stream()
                        .map(Footprint::bufferBytes)
                        .flatMap(Stream::ofNullable)
                        .reduce(Math::max)
                        .map(bytes -> Outcome.of(
                                String.format(Locale.ROOT, "%.1f MiB", bytes / 0x1p20),
                                bytes <= bound,
                                Optional.empty()))
                        .orElse(Outcome.NONE));
    }

    private static String decimals(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }
}
