package dev.weir.benchmarks.report;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** What follows from samples. Ratios are of one round each, so that both sides had the same machine. */
final class Analysis {
    static final String WEIR = "weir";

    /** Names of QEMU's configurations begin so. */
    private static final String QEMU = "qsd";

    /** Names of the yardstick's configurations begin so. */
    static final String MINIMAL = "minimal";

    private final Results results;

    Analysis(Results results) {
        this.results = results;
    }

    static boolean isQemu(String contender) {
        return contender.startsWith(QEMU);
    }

    static boolean isMinimal(String contender) {
        return contender.startsWith(MINIMAL);
    }

    /** The cells of a suite, in the order in which they were measured. */
    List<String> cells(Suite suite) {
        return samples(suite).map(Sample::cell).distinct().toList();
    }

    /** Who took part in a suite; Weir comes first. */
    List<String> contenders(Suite suite) {
        Set<String> names = new LinkedHashSet<>();
        samples(suite).map(Sample::contender).filter(WEIR::equals).forEach(names::add);
        samples(suite).map(Sample::contender).sorted().forEach(names::add);
        return List.copyOf(names);
    }

    /** The figures of one server in all rounds; empty where it has none. */
    Optional<Spread> figures(Suite suite, String cell, String contender, Metric metric) {
        return spread(byRound(suite, cell, contender, metric).values());
    }

    /** Weir's figure over that of the better of QEMU's configurations; empty where either is missing. */
    Optional<Spread> ratioToQemu(Suite suite, String cell, Metric metric) {
        return spread(quotients(byRound(suite, cell, WEIR, metric), best(suite, cell, Analysis::isQemu, metric)));
    }

    /** That of the minimal server's better configuration instead of Weir's; empty where either is missing. */
    Optional<Spread> minimalToQemu(Suite suite, String cell, Metric metric) {
        return spread(
                quotients(best(suite, cell, Analysis::isMinimal, metric), best(suite, cell, Analysis::isQemu, metric)));
    }

    /** Weir's figure over that of one other server; empty where either is missing. */
    Optional<Spread> ratioTo(String contender, Suite suite, String cell, Metric metric) {
        return spread(quotients(byRound(suite, cell, WEIR, metric), byRound(suite, cell, contender, metric)));
    }

    /** A server's rate in one cell over its own in another; empty where either is missing. */
    Optional<Spread> relative(Suite suite, String cell, String toCell, String contender) {
        return spread(quotients(
                byRound(suite, cell, contender, Metric.RATE), byRound(suite, toCell, contender, Metric.RATE)));
    }

    /** The median over all rounds of one percentile of the latency; empty where there is none. */
    Optional<Spread> percentile(Suite suite, String cell, String contender, String percentile) {
        return spread(of(suite, cell, contender)
                .map(Sample::latency)
                .flatMap(Stream::ofNullable)
                .map(latency -> latency.percentiles().get(percentile))
                .flatMap(Stream::ofNullable)
                .toList());
    }

    /** The best figure in each round of those whose names match. */
    private Map<Integer, Double> best(Suite suite, String cell, Predicate<String> who, Metric metric) {
        Map<Integer, Double> best = new TreeMap<>();
        contenders(suite).stream()
                .filter(who)
                .forEach(name -> byRound(suite, cell, name, metric)
                        .forEach((round, figure) -> best.merge(round, figure, metric::better)));
        return best;
    }

    private static List<Double> quotients(Map<Integer, Double> dividends, Map<Integer, Double> divisors) {
        List<Double> quotients = new ArrayList<>();
        dividends.forEach((round, value) -> {
            Double divisor = divisors.get(round);
            if (divisor != null && divisor > 0) {
                quotients.add(value / divisor);
            }
        });
        return quotients;
    }

    private Map<Integer, Double> byRound(Suite suite, String cell, String contender, Metric metric) {
        Map<Integer, Double> figures = new TreeMap<>();
        of(suite, cell, contender).forEach(sample -> {
            Double figure = metric.of(sample);
            if (figure != null) {
                figures.put(sample.round(), figure);
            }
        });
        return figures;
    }

    private Stream<Sample> of(Suite suite, String cell, String contender) {
        return samples(suite)
                .filter(sample ->
                        sample.cell().equals(cell) && sample.contender().equals(contender));
    }

    private Stream<Sample> samples(Suite suite) {
        return results.samples().stream().filter(sample -> sample.suite() == suite);
    }

    private static Optional<Spread> spread(Collection<Double> figures) {
        return figures.isEmpty() ? Optional.empty() : Optional.of(Spread.of(figures));
    }
}
