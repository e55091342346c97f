package dev.weir.benchmarks.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.util.List;
import java.util.Optional;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.CombinedDomainCategoryPlot;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.data.category.DefaultCategoryDataset;

/** Throughput and memory of one process by the number of its exports. */
final class ScalingChart {
    private static final int WIDTH = 720;
    private static final int HEIGHT = 760;
    private static final double TARGET = 0.8;

    private ScalingChart() {}

    /** Empty where it was not measured. */
    static Optional<SvgChart> of(Results results) {
        var analysis = new Analysis(results);
        List<String> cells = analysis.cells(Suite.SCALING);
        if (cells.isEmpty()) {
            return Optional.empty();
        }
        List<String> contenders = analysis.contenders(Suite.SCALING);
        var rate = new DefaultCategoryDataset();
        var throughput = new DefaultCategoryDataset();
        var memory = new DefaultCategoryDataset();
        for (String contender : contenders) {
            for (String cell : cells) {
                analysis.figures(Suite.SCALING, cell, contender, Metric.RATE)
                        .ifPresent(spread -> rate.addValue(spread.median() / 1e3, contender, cell));
                analysis.relative(Suite.SCALING, cell, cells.get(0), contender)
                        .ifPresent(spread -> throughput.addValue(spread.median(), contender, cell));
            }
        }
        for (Footprint footprint : results.footprints()) {
            memory.addValue(
                    footprint.residentBytes() / 0x1p20, footprint.contender(), String.valueOf(footprint.exports()));
        }
        var plot = new CombinedDomainCategoryPlot(
                SvgChart.styled(new CategoryAxis("exports in one process, served by one I/O thread")));
        plot.setGap(14);
        var ratio = SvgChart.styled(new NumberAxis("of the rate of one export"));
        var top = Curves.plot(throughput, null, ratio);
        top.addRangeMarker(new ValueMarker(TARGET, Color.DARK_GRAY, new BasicStroke(1.2f)));
        ratio.setRange(0, Math.max(1.2, ratio.getUpperBound() * 1.05));
        plot.add(Curves.plot(rate, null, SvgChart.styled(new NumberAxis("thousand requests a second"))));
        plot.add(top);
        plot.add(Curves.plot(memory, null, SvgChart.styled(new NumberAxis("resident memory, MiB"))));
        plot.setFixedLegendItems(Curves.legend(contenders));
        return Optional.of(
                SvgChart.of("Random reads of 4 KiB, depth 32, over many exports", plot, true, WIDTH, HEIGHT));
    }
}
