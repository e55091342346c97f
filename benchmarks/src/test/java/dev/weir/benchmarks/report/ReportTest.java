package dev.weir.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;

class ReportTest {
    private static final int MOST_BYTES = 200_000;

    @TempDir
    Path directory;

    private String written(SampleData data) throws IOException {
        assertThat(Report.write(data.results(), directory)).isEmpty();
        return Files.readString(directory.resolve("report.md"));
    }

    @Test
    void tellsWhereWithWhatAndHowWasMeasured() throws IOException {
        assertThat(written(SampleData.whole()))
                .contains("Measured on 2026-11-22, with `run.sh --rounds=2`")
                .contains("| CPU | Example 9000 |")
                .contains("| Weir | commit 0123456789ab |")
                .contains("| QEMU | 11.1.3 |");
    }

    @Test
    void hasARowForEachTarget() throws IOException {
        assertThat(written(SampleData.whole()))
                .contains("| raw in memory, requests of 4 KiB: at least 2.00 | 2.50 (raw-memory randread:4k:1) | yes |")
                .contains(
                        "| raw on disk (page cache), requests of 1 MiB: at least 1.50 | 0.85 (raw-disk read:1m:4) | **no** |")
                .contains("| null-co, transport alone: at least 1.00 | - | not measured |");
    }

    @Test
    void hasARowForEachCellWithRatiosAndSpread() throws IOException {
        assertThat(written(SampleData.whole()))
                .contains("| cell | weir IOPS | qsd IOPS | qsd-mt IOPS | ratio | p99 ratio | CPU ratio |")
                .contains(
                        "| randread:4k:1 | 250 | 75 | 75 | 2.50 [2.00..3.00] | 0.90 [0.90..0.90] | 0.50 [0.50..0.50] |")
                .contains("| randread:4k:1, weir | 22.5 | 18.0 | 90.0 | 270.0 | 5.0 |");
    }

    @Test
    void hasTheMinimalServerBesideWeirWhereItTookPart() throws IOException {
        var data = SampleData.whole().sample(Suite.RAW_DISK, "read:1m:4", "minimal", 0, 120, 80, 5.0);

        assertThat(written(data))
                .contains("The minimal server is a yardstick in C")
                .contains("| target | measured, worst | reached | minimal server there |")
                .contains(
                        "| raw on disk (page cache), requests of 1 MiB: at least 1.50 | 0.85 (raw-disk read:1m:4) | **no** | 1.20 |")
                .contains("| minimal's ratio | minimal's p99 ratio |")
                .contains("| 1.20 [1.20..1.20] | 0.80 [0.80..0.80] |");
        assertThat(directory.resolve("report/ratios.svg")).content().contains("diamonds: a minimal server in C");
        assertThat(written(SampleData.whole())).doesNotContain("inimal");
    }

    @Test
    void listsWhereQemuWins() throws IOException {
        assertThat(written(SampleData.whole()))
                .contains("- raw, on disk, page cache, `read:1m:4`: throughput 0.85 of QEMU's\n")
                .doesNotContain("- raw, in memory, `");
    }

    @Test
    void saysSoWhereQemuWinsNowhereOrWasNotThere() throws IOException {
        assertThat(written(new SampleData().round(Suite.NULL, "read:1m:4", 0, 3, 2, 1)))
                .contains("In none of the cells that were measured.");
        assertThat(written(new SampleData().sample(Suite.NULL, "read:1m:4", "weir", 0, 3, 2, null)))
                .contains("Nothing was compared with QEMU.");
    }

    @Test
    void hasScalingHeapAndWhatIsMissing() throws IOException {
        assertThat(written(SampleData.whole().note("raw-direct: no space")))
                .contains("| 256, weir | 700 | 0.70 [0.70..0.70] | 300.0 | 1.0 | 65.0 |")
                .contains("| 256, qsd | 400 | 0.80 [0.80..0.80] | 30.0 | - | - |")
                .contains("| randread:4k:32 | 30 | 6000000 | 180.5 | 270 | 6.25 |")
                .contains("- raw-direct: no space");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ratios", "latency", "scaling"})
    void hasChartsInSvg(String chart) throws Exception {
        assertThat(written(SampleData.whole())).contains("](report/" + chart + ".svg)");

        byte[] file = Files.readAllBytes(directory.resolve("report").resolve(chart + ".svg"));
        var factory = DocumentBuilderFactory.newDefaultInstance();
        factory.setNamespaceAware(true);
        factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
        Element root = factory.newDocumentBuilder()
                .parse(new ByteArrayInputStream(file))
                .getDocumentElement();
        assertThat(file.length).isLessThan(MOST_BYTES);
        assertThat(root.getNamespaceURI()).isEqualTo("http://www.w3.org/2000/svg");
        assertThat(root.getLocalName()).isEqualTo("svg");
        assertThat(root.getAttribute("viewBox")).matches("0 0 \\d{3} \\d{3,4}");
        assertThat(root.getElementsByTagName("text").getLength()).isGreaterThan(5);
        assertThat(root.getElementsByTagName("image").getLength()).isZero();
    }

    @Test
    void showsTheRatioOfEachCellInTheChart() throws IOException {
        written(SampleData.whole());

        assertThat(directory.resolve("report/ratios.svg"))
                .content()
                .contains("raw, in memory", "randread:4k:1", "2.50", "read:1m:4", "0.85");
    }

    @Test
    void leavesNoChartOfAnEarlierRunBehind() throws IOException {
        written(SampleData.whole());

        assertThat(written(new SampleData().heap(1, 1))).doesNotContain(".svg");
        assertThat(directory.resolve("report")).isEmptyDirectory();
    }

    @Test
    void isTheSameFromTheFileOfRawFigures() throws IOException {
        Results results = SampleData.whole().note("a note").results();
        Path file = directory.resolve("figures.json");

        results.write(file);

        assertThat(Results.read(file)).isEqualTo(results);
        assertThat(Files.readAllLines(file))
                .hasSizeGreaterThan(results.samples().size());
    }

    @Test
    void isNotMadeOfAnythingElse() throws IOException {
        Path file = Files.writeString(directory.resolve("other.json"), "{\"a\": 1}");

        assertThatIOException().isThrownBy(() -> Results.read(file)).withMessage(file + " does not hold raw figures");
    }

    @Test
    void hasNoChartsAndSaysWhatToInstallWhereThereAreNoFonts() throws Exception {
        Path figures = directory.resolve("figures.json");
        SampleData.whole().results().write(figures);
        Path empty = Files.writeString(directory.resolve("fonts.conf"), "<fontconfig/>");
        var builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Djava.awt.headless=true",
                        // The JVM keeps there what it learned of fonts.
                        "-Duser.home=" + directory,
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.weir.benchmarks.endtoend.Comparison",
                        "--report=" + figures,
                        "--output=" + directory)
                .redirectOutput(directory.resolve("out").toFile())
                .redirectError(directory.resolve("err").toFile());
        builder.environment().put("FONTCONFIG_FILE", empty.toString());

        Process process = builder.start();

        assertThat(process.waitFor(40, TimeUnit.SECONDS)).isTrue();
        assertThat(directory.resolve("err")).content().contains("run.sh: no charts: ", "apt-get install ");
        assertThat(process.exitValue()).isEqualTo(1);
        assertThat(directory.resolve("report.md"))
                .content()
                .contains("## Targets", "No charts: ")
                .doesNotContain(".svg)");
    }
}
