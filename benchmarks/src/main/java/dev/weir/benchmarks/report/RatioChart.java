package dev.weir.benchmarks.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.geom.Ellipse2D;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.plot.CombinedDomainXYPlot;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.chart.util.ShapeUtils;
import org.jfree.data.Range;
import org.jfree.data.xy.XYIntervalSeries;
import org.jfree.data.xy.XYIntervalSeriesCollection;

/**
 * The ratio of each cell to QEMU with its spread: a dot and its whiskers a row, a block of rows a suite. A diamond is the minimal
 * server's.
 */
final class RatioChart {
    private static final int WIDTH = 960;
    private static final int ROW = 19;
    private static final int GAP = 8;
    private static final int AROUND = 100;
    private static final double DOT = 8;
    private static final float DIAMOND = 4;
    private static final double BESIDE_LABEL = 14;
    private static final String DIAMONDS = " (diamonds: a minimal server in C)";
    private static final Color AHEAD = new Color(0x1b, 0x7a, 0x3d);
    private static final Color BEHIND = new Color(0xc0, 0x39, 0x2b);
    private static final Color YARDSTICK = new Color(0x55, 0x55, 0x55);
    private static final Color BAND = new Color(0xf6, 0xf6, 0xf6);

    private record Row(String cell, Spread ratio, Optional<Spread> minimal) {}

    private RatioChart() {}

    /** Empty where nothing was compared with QEMU. */
    static Optional<SvgChart> of(Analysis analysis) {
        var axis = SvgChart.styled(new LogAxis("throughput of Weir over that of the better QEMU configuration"));
        axis.setBase(2);
        axis.setTickUnit(new NumberTickUnit(1));
        axis.setMinorTickMarksVisible(false);
        axis.setNumberFormatOverride(new DecimalFormat("0.##x", DecimalFormatSymbols.getInstance(Locale.ROOT)));
        var plot = new CombinedDomainXYPlot(axis);
        plot.setGap(GAP);
        plot.setOutlineVisible(false);
        double least = 0.8;
        double most = 4;
        boolean yardstick = false;
        int height = AROUND;
        for (Suite suite : Suite.PAIRED) {
            List<Row> rows = rows(analysis, suite);
            if (!rows.isEmpty()) {
                plot.add(block(suite, rows), rows.size());
                height += rows.size() * ROW + GAP;
            }
            for (Row row : rows) {
                yardstick |= row.minimal().isPresent();
                least = Math.min(least, row.ratio().min());
                most = Math.max(most, row.ratio().max());
                least = Math.min(least, row.minimal().map(Spread::median).orElse(least));
                most = Math.max(most, row.minimal().map(Spread::median).orElse(most));
            }
        }
        if (plot.getSubplots().isEmpty()) {
            return Optional.empty();
        }
        axis.setRange(new Range(least * 0.95, most * 1.05));
        return Optional.of(SvgChart.of(
                "Weir and QEMU: ratio of throughput, median, worst and best round" + (yardstick ? DIAMONDS : ""),
                plot,
                false,
                WIDTH,
                height));
    }

    private static List<Row> rows(Analysis analysis, Suite suite) {
        List<Row> rows = new ArrayList<>();
        for (String cell : analysis.cells(suite)) {
            analysis.ratioToQemu(suite, cell, Metric.RATE)
                    .ifPresent(
                            ratio -> rows.add(new Row(cell, ratio, analysis.minimalToQemu(suite, cell, Metric.RATE))));
        }
        return rows;
    }

    private static XYPlot block(Suite suite, List<Row> rows) {
        var ahead = new XYIntervalSeries("ahead");
        var behind = new XYIntervalSeries("behind");
        var minimal = new XYIntervalSeries("minimal server");
        String[] names = new String[rows.size()];
        for (int i = 0; i < names.length; i++) {
            Row row = rows.get(i);
            Spread ratio = row.ratio();
            names[i] = String.format(Locale.ROOT, "%s   %.2f", row.cell(), ratio.median());
            (Spread.rounded(ratio.median()) < 1 ? behind : ahead)
                    .add(ratio.median(), ratio.min(), ratio.max(), i, i, i);
            double y = i;
            row.minimal().map(Spread::median).ifPresent(x -> minimal.add(x, x, x, y, y, y));
        }
        var dataset = new XYIntervalSeriesCollection();
        dataset.addSeries(ahead);
        dataset.addSeries(behind);
        dataset.addSeries(minimal);
        var plot = new XYPlot(dataset, null, names(suite, names), renderer());
        plot.setBackgroundPaint(Color.WHITE);
        plot.setOutlinePaint(SvgChart.GRID);
        plot.setDomainGridlinePaint(SvgChart.GRID);
        plot.setRangeGridlinesVisible(false);
        plot.addDomainMarker(new ValueMarker(1, Color.BLACK, new BasicStroke(1.5f)));
        plot.addDomainMarker(new ValueMarker(2, Color.DARK_GRAY, dashes()));
        return plot;
    }

    private static BasicStroke dashes() {
        return new BasicStroke(1.2f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 10, new float[] {5, 4}, 0);
    }

    private static SymbolAxis names(Suite suite, String[] names) {
        var axis = SvgChart.styled(new SymbolAxis(suite.title(), names));
        axis.setInverted(true);
        axis.setRange(-0.5, names.length - 0.5);
        axis.setGridBandPaint(BAND);
        axis.setGridBandAlternatePaint(Color.WHITE);
        axis.setTickMarksVisible(false);
        axis.setLabelFont(SvgChart.HEADING);
        axis.setLabelInsets(new RectangleInsets(0, 0, 0, BESIDE_LABEL));
        // Across, as the names are: there is no room for it along a block of two rows.
        axis.setLabelAngle(Math.PI / 2);
        return axis;
    }

    private static XYErrorRenderer renderer() {
        var renderer = new XYErrorRenderer();
        renderer.setDrawYError(false);
        renderer.setErrorStroke(new BasicStroke(1.6f));
        renderer.setCapLength(6);
        var dot = new Ellipse2D.Double(-DOT / 2, -DOT / 2, DOT, DOT);
        List<Color> colors = List.of(AHEAD, BEHIND, YARDSTICK);
        for (int series = 0; series < colors.size(); series++) {
            renderer.setSeriesShape(series, dot);
            renderer.setSeriesPaint(series, colors.get(series));
        }
        renderer.setSeriesShape(colors.size() - 1, ShapeUtils.createDiamond(DIAMOND));
        renderer.setSeriesShapesFilled(colors.size() - 1, false);
        return renderer;
    }
}
