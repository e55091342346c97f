package dev.weir.engine.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weir.engine.cli.client.ExportReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TopViewTest {
    private final TopView view = new TopView(Path.of("/run/qmp.sock"), TopView.Order.ACTIVITY);

    private static ExportReport report(String id, String reads, String writes) {
        try {
            return ExportReport.of(new ObjectMapper()
                    .readTree("{\"id\": \"" + id + "\", \"in-flight\": 3, \"pauses\": 7, \"operations\": {\"read\": "
                            + reads + ", \"write\": " + writes + ", \"other\": {\"errors\": 1}}}"));
        } catch (java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String counts(long requests, long bytes, long nanoseconds, String latencies) {
        return "{\"requests\": " + requests + ", \"errors\": 2, \"bytes\": " + bytes + ", \"nanoseconds\": "
                + nanoseconds + ", \"latencies\": [" + latencies + "]}";
    }

    /** With as many reads as the number says. */
    private static Activity busy(String id, long reads) {
        return Activity.ofNew(report(id, counts(reads, 0, 0, ""), counts(0, 0, 0, "")), 1);
    }

    private List<Activity> fill(int count) {
        List<Activity> activities = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            activities.add(busy("disk-" + i, i));
        }
        view.update(activities);
        return activities;
    }

    @Test
    void aRowTellsWhatHappenedBetweenTwoLooks() {
        ExportReport before = report("disk", counts(1000, 5, 100, "0,1000"), counts(0, 0, 0, ""));
        ExportReport now = report(
                "disk",
                counts(3000, 8_000_005, 40_000_100, "0,1000,0,0,0,0,0,0,0,0,0,0,0,0,2000"),
                counts(4, 2_000_000, 4_000_000, ""));
        view.update(List.of(Activity.between(before, now, 2)));

        assertThat(view.snapshot())
                .containsExactly(
                        "ID              IOPS r/w     MB/s r/w  mean us r/w   p50   p99  infl pause   err",
                        "disk          1000     2      4     1     20  1000  24.6  32.6     3     7     5",
                        "TOTAL         1000     2      4     1     20  1000  24.6  32.6     3     7     5");
    }

    @Test
    void countersThatBeganAnewAreNotNegative() {
        ExportReport before = report("disk", counts(1000, 4096, 100, "1000"), counts(0, 0, 0, ""));
        ExportReport now = report("disk", counts(10, 40960, 100, "10"), counts(0, 0, 0, ""));
        view.update(List.of(Activity.between(before, now, 1)));

        assertThat(view.snapshot().get(1)).startsWith("disk            10     0");
    }

    @Test
    void manyExportsFillTheWindowAndNoMore() {
        fill(200);

        List<String> lines = view.screen(Window.STANDARD);

        assertThat(lines).hasSize(24).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
        assertThat(lines.get(0)).startsWith("weir top: 200 exports, 1 to 21 (arrows), by activity (s)");
        assertThat(lines.get(2)).startsWith("disk-199 ");
        assertThat(lines.get(22)).startsWith("disk-179 ");
        assertThat(lines.get(23)).startsWith("TOTAL        19900 ");
    }

    @Test
    void keysScrollAndStopAtTheEnds() {
        fill(50);
        view.screen(Window.STANDARD);

        view.press(Key.DOWN);
        assertThat(view.screen(Window.STANDARD).get(2)).startsWith("disk-48 ");
        view.press(Key.PAGE_DOWN);
        assertThat(view.screen(Window.STANDARD).get(2)).startsWith("disk-27 ");
        view.press(Key.END);
        assertThat(view.screen(Window.STANDARD).get(22)).startsWith("disk-0 ");
        view.press(Key.DOWN);
        assertThat(view.screen(Window.STANDARD).get(22)).startsWith("disk-0 ");
        view.press(Key.UP);
        assertThat(view.screen(Window.STANDARD).get(22)).startsWith("disk-1 ");
        view.press(Key.HOME);
        view.press(Key.UP);
        assertThat(view.screen(Window.STANDARD).get(2)).startsWith("disk-49 ");
        view.press(Key.SORT);
        assertThat(view.screen(Window.STANDARD).get(2)).startsWith("disk-0 ");
    }

    @Test
    void smallWindowsAreNotOverrun() {
        fill(5);

        assertThat(view.screen(new Window(30, 2)))
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(30));
        assertThat(view.screen(new Window(80, 4)).get(3)).startsWith("TOTAL");
    }

    @Test
    void longNamesAreCutAndStrangeOnesMadeHarmless() {
        view.update(List.of(busy("a-name-that-is-longer-than-its-column", 1)));
        assertThat(view.screen(Window.STANDARD).get(2)).startsWith("a-name-tha+      1 ");
        assertThat(view.snapshot().get(1)).startsWith("a-name-that-is-longer-than-its-column      1 ");

        var strange = new TopView(Path.of("a\033[2Jb"), TopView.Order.ID);
        assertThat(strange.screen(Window.STANDARD).get(0)).contains("a?[2Jb");
    }

    @Test
    void withoutExportsThereAreZeroes() {
        view.update(List.of());

        assertThat(view.screen(Window.STANDARD)).hasSize(3);
        assertThat(view.snapshot().get(1)).startsWith("TOTAL ").contains(" - ");
    }
}
