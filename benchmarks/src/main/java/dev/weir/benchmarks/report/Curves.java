package dev.weir.benchmarks.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.util.List;
import org.jfree.chart.LegendItem;
import org.jfree.chart.LegendItemCollection;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.renderer.category.LineAndShapeRenderer;
import org.jfree.data.category.CategoryDataset;
import org.jspecify.annotations.Nullable;

/** A line a contender, each with its color and its mark, the same ones in every chart. */
final class Curves {
    private static final BasicStroke LINE = new BasicStroke(2.2f);
    private static final double MARK = 8;

    private Curves() {}

    /** Either axis may be null, where a combined plot has it. */
    static CategoryPlot plot(CategoryDataset dataset, @Nullable CategoryAxis domain, @Nullable ValueAxis range) {
        var renderer = new LineAndShapeRenderer();
        for (int series = 0; series < dataset.getRowCount(); series++) {
            String contender = dataset.getRowKey(series).toString();
            renderer.setSeriesPaint(series, SvgChart.color(contender));
            renderer.setSeriesStroke(series, LINE);
            renderer.setSeriesShape(series, mark(contender));
        }
        var plot = new CategoryPlot(dataset, domain, range, renderer);
        plot.setBackgroundPaint(Color.WHITE);
        plot.setOutlinePaint(SvgChart.GRID);
        plot.setRangeGridlinePaint(SvgChart.GRID);
        plot.setDomainGridlinePaint(SvgChart.GRID);
        plot.setDomainGridlinesVisible(true);
        return plot;
    }

    /** One item for each, however many plots there are. */
    static LegendItemCollection legend(List<String> contenders) {
        var items = new LegendItemCollection();
        for (String contender : contenders) {
            Color color = SvgChart.color(contender);
            var item = new LegendItem(contender, null, null, null, mark(contender), color);
            item.setLabelFont(SvgChart.LABEL);
            items.add(item);
        }
        return items;
    }

    private static Shape mark(String contender) {
        return switch (contender) {
            case "weir" -> new Ellipse2D.Double(-MARK / 2, -MARK / 2, MARK, MARK);
            case "qsd" -> new Rectangle2D.Double(-MARK / 2, -MARK / 2, MARK, MARK);
            default -> triangle();
        };
    }

    private static Shape triangle() {
        var path = new Path2D.Double();
        path.moveTo(0, -MARK / 2);
        path.lineTo(MARK / 2, MARK / 2);
        path.lineTo(-MARK / 2, MARK / 2);
        path.closePath();
        return path;
    }
}
