package dev.weir.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.benchmarks.report.Target.Outcome;
import dev.weir.benchmarks.report.Target.Verdict;
import org.junit.jupiter.api.Test;

class TargetsTest {
    private static Outcome outcome(String begin, SampleData data) {
        return Targets.all().stream()
                .filter(target -> target.text().startsWith(begin))
                .findFirst()
                .orElseThrow()
                .evaluate(data.results());
    }

    @Test
    void areReachedWhenTheWorstCellReachesThem() {
        assertThat(outcome("raw in memory, requests of 4 KiB", SampleData.whole()))
                .isEqualTo(new Outcome("2.50 (raw-memory randread:4k:1)", Verdict.REACHED));
    }

    @Test
    void areMissedWhenOneCellMissesThem() {
        var data = SampleData.whole().round(Suite.RAW_MEMORY, "randread:4k:32", 0, 199, 100, 50);

        assertThat(outcome("raw in memory, requests of 4 KiB", data))
                .isEqualTo(new Outcome("1.99 (raw-memory randread:4k:32)", Verdict.MISSED));
    }

    @Test
    void lookAtCellsOfTheirSizeOnly() {
        assertThat(outcome("raw on disk (page cache), requests of 4 KiB", SampleData.whole()))
                .isEqualTo(new Outcome("-", Verdict.NOT_MEASURED));
        assertThat(outcome("raw on disk (page cache), requests of 1 MiB", SampleData.whole()))
                .isEqualTo(new Outcome("0.85 (raw-disk read:1m:4)", Verdict.MISSED));
    }

    @Test
    void lookAtTheWorstRoundWhereThatIsWhatTheySay() {
        assertThat(outcome("raw in memory and on disk", SampleData.whole()))
                .isEqualTo(new Outcome("0.80 (raw-disk read:1m:4)", Verdict.MISSED));
    }

    @Test
    void takeTheHighestFigureForTheWorstWhereLessIsBetter() {
        var data = SampleData.whole()
                .sample(Suite.NULL, "randread:4k:1", "weir", 0, 1, 110, 5.0)
                .sample(Suite.NULL, "randread:4k:1", "qsd", 0, 1, 100, 5.0);

        assertThat(outcome("p99 latency", data)).isEqualTo(new Outcome("1.10 (null randread:4k:1)", Verdict.MISSED));
        assertThat(outcome("CPU time", data)).isEqualTo(new Outcome("1.00 (null randread:4k:1)", Verdict.REACHED));
    }

    @Test
    void areReachedByWhatIsShownAsReachingThem() {
        var data = new SampleData().round(Suite.NULL, "read:1m:4", 0, 99.6, 100, 100);

        assertThat(outcome("null-co", data)).isEqualTo(new Outcome("1.00 (null read:1m:4)", Verdict.REACHED));
    }

    @Test
    void knowHeapAndMemory() {
        assertThat(outcome("heap a request", SampleData.whole()))
                .isEqualTo(new Outcome("180.5 bytes", Verdict.REACHED));
        assertThat(outcome("longest collection", SampleData.whole())).isEqualTo(new Outcome("6.3 ms", Verdict.MISSED));
        assertThat(outcome("buffers", SampleData.whole())).isEqualTo(new Outcome("65.0 MiB", Verdict.MISSED));
        assertThat(outcome("throughput of 256", SampleData.whole())).isEqualTo(new Outcome("0.70", Verdict.MISSED));
    }

    @Test
    void areNotMeasuredWhereNothingWas() {
        assertThat(Targets.all())
                .hasSize(16)
                .allSatisfy(target -> assertThat(
                                target.evaluate(new SampleData().results()).verdict())
                        .as(target.text())
                        .isEqualTo(Verdict.NOT_MEASURED));
    }
}
