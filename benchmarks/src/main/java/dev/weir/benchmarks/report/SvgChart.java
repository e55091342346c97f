package dev.weir.benchmarks.report;

import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.Axis;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.Plot;
import org.jfree.chart.ui.RectangleInsets;

/**
 * A chart as a file of its own: text stays text, the background is white in a dark page too.
 *
 * @param chart what is shown
 * @param width pixels
 * @param height pixels
 */
record SvgChart(JFreeChart chart, int width, int height) {
    static final Font LABEL = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
    static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 11);
    static final Font HEADING = new Font(Font.SANS_SERIF, Font.BOLD, 12);
    private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 15);
    private static final Color INK = new Color(0x22, 0x22, 0x22);
    static final Color GRID = new Color(0xdd, 0xdd, 0xdd);

    /** Weir's, and those of the others; they differ in lightness, too. */
    static Color color(String contender) {
        return switch (contender) {
            case "weir" -> new Color(0xc0, 0x39, 0x2b);
            case "qsd" -> new Color(0x1f, 0x4e, 0x79);
            case "qsd-mt" -> new Color(0x5d, 0xa5, 0xda);
            default -> new Color(0x7f, 0x7f, 0x7f);
        };
    }

    static SvgChart of(String title, Plot plot, boolean legend, int width, int height) {
        var chart = new JFreeChart(title, TITLE, plot, legend);
        chart.setBackgroundPaint(Color.WHITE);
        chart.getTitle().setPaint(INK);
        if (legend) {
            chart.getLegend().setItemFont(LABEL);
            chart.getLegend().setFrame(BlockBorder.NONE);
        }
        chart.setPadding(new RectangleInsets(8, 8, 8, 16));
        return new SvgChart(chart, width, height);
    }

    static <A extends Axis> A styled(A axis) {
        axis.setLabelFont(LABEL);
        axis.setTickLabelFont(SMALL);
        axis.setLabelPaint(INK);
        axis.setTickLabelPaint(INK);
        return axis;
    }

    void write(Path file) throws IOException {
        SVGGraphics2D graphics = graphics();
        chart.draw(graphics, new Rectangle2D.Double(0, 0, width, height));
        graphics.setSVGCanvasSize(new Dimension(width, height));
        var root = graphics.getRoot(graphics.getDOMFactory().getDocumentElement());
        root.setAttributeNS(null, "viewBox", "0 0 " + width + " " + height);
        try (var out = Files.newOutputStream(file)) {
            Transformer transformer = TransformerFactory.newDefaultInstance().newTransformer();
            transformer.transform(new DOMSource(root), new StreamResult(out));
        } catch (TransformerException e) {
            throw new IOException(file + " cannot be written", e);
        }
    }

    private static SVGGraphics2D graphics() {
        try {
            var factory = DocumentBuilderFactory.newDefaultInstance();
            factory.setNamespaceAware(true);
            var document = factory.newDocumentBuilder()
                    .getDOMImplementation()
                    .createDocument("http://www.w3.org/2000/svg", "svg", null);
            var context = SVGGeneratorContext.createDefault(document);
            context.setComment("Made by benchmarks/run.sh");
            context.setPrecision(2);
            return new SVGGraphics2D(context, false);
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException(e);
        }
    }
}
