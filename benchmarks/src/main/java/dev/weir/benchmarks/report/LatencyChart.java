package dev.weir.benchmarks.report;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.plot.CombinedRangeCategoryPlot;
import org.jfree.data.category.DefaultCategoryDataset;

/** How latencies are distributed, server by server: a panel for each of the small cells of a suite. */
final class LatencyChart {
    private static final List<String> PERCENTILES = List.of("50", "90", "95", "99", "99.9");
    private static final int MARGIN = 90;
    private static final int PANEL = 235;
    private static final int LEAST_WIDTH = 640;
    private static final int HEIGHT = 380;
    private static final int MOST_PANELS = 4;

    private LatencyChart() {}

    /** Of the first suite that has latencies; empty where there is none. */
    static Optional<SvgChart> of(Analysis analysis) {
        return Suite.CELLS.stream()
                .filter(suite -> !cells(analysis, suite).isEmpty())
                .findFirst()
                .map(suite -> chart(analysis, suite));
    }

    private static SvgChart chart(Analysis analysis, Suite suite) {
        var axis = SvgChart.styled(new LogAxis("microseconds (clat of fio)"));
        axis.setBase(2);
        axis.setTickUnit(new NumberTickUnit(1));
        axis.setNumberFormatOverride(new DecimalFormat("0", DecimalFormatSymbols.getInstance(Locale.ROOT)));
        axis.setMinorTickMarksVisible(false);
        var plot = new CombinedRangeCategoryPlot(axis);
        plot.setGap(8);
        List<String> contenders = analysis.contenders(suite).stream()
                .filter(name -> !Analysis.isMinimal(name))
                .toList();
        List<String> cells = cells(analysis, suite);
        for (String cell : cells) {
            var dataset = new DefaultCategoryDataset();
            for (String contender : contenders) {
                for (String percentile : PERCENTILES) {
                    analysis.percentile(suite, cell, contender, percentile)
                            .filter(spread -> spread.median() > 0)
                            .ifPresent(spread -> dataset.addValue(spread.median(), contender, percentile));
                }
            }
            plot.add(Curves.plot(dataset, axis(cell), null));
        }
        plot.setFixedLegendItems(Curves.legend(contenders));
        return SvgChart.of(
                "Latency of " + suite.title() + ": percentiles, median of the rounds",
                plot,
                true,
                Math.max(LEAST_WIDTH, MARGIN + PANEL * cells.size()),
                HEIGHT);
    }

    private static CategoryAxis axis(String cell) {
        var axis = SvgChart.styled(new CategoryAxis(cell + ", percentile"));
        axis.setMaximumCategoryLabelWidthRatio(2);
        return axis;
    }

    private static List<String> cells(Analysis analysis, Suite suite) {
        List<String> measured = analysis.cells(suite).stream()
                .filter(cell -> analysis.contenders(suite).stream()
                        .anyMatch(name -> analysis.percentile(suite, cell, name, PERCENTILES.get(0))
                                .isPresent()))
                .toList();
        List<String> small = measured.stream()
                .filter(cell -> cell.matches("rand(read|write):4k:\\d+"))
                .toList();
        return (small.isEmpty() ? measured : small).stream().limit(MOST_PANELS).toList();
    }
}
