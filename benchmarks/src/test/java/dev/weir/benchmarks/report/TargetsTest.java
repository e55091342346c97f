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

    private static Outcome outcomeOf(String measured, Verdict verdict) {
        return new Outcome(measured, verdict, "-");
    }

    @Test
    void areReachedWhenTheWorstCellReachesThem() {
        assertThat(outcome("raw in memory, requests of 4 KiB", SampleData.whole()))
                .isEqualTo(outcomeOf("2.50 (raw-memory randread:4k:1)", Verdict.REACHED));
    }

    @Test
    void areMissedWhenOneCellMissesThem() {
        var data = SampleData.whole().round(Suite.RAW_MEMORY, "randread:4k:32", 0, 199, 100, 50);

        assertThat(outcome("raw in memory, requests of 4 KiB", data))
                .isEqualTo(outcomeOf("1.99 (raw-memory randread:4k:32)", Verdict.MISSED));
    }

    @Test
    void lookAtCellsOfTheirSizeOnly() {
        assertThat(outcome("raw on disk (page cache), requests of 4 KiB", SampleData.whole()))
                .isEqualTo(outcomeOf("-", Verdict.NOT_MEASURED));
        assertThat(outcome("raw on disk (page cache), requests of 1 MiB", SampleData.whole()))
                .isEqualTo(outcomeOf("0.85 (raw-disk read:1m:4)", Verdict.MISSED));
    }

    @Test
    void lookAtTheWorstRoundWhereThatIsWhatTheySay() {
        assertThat(outcome("raw in memory and on disk", SampleData.whole()))
                .isEqualTo(outcomeOf("0.80 (raw-disk read:1m:4)", Verdict.MISSED));
    }

    @Test
    void takeTheHighestFigureForTheWorstWhereLessIsBetter() {
        var data = SampleData.whole()
                .sample(Suite.NULL, "randread:4k:1", "weir", 0, 1, 110, 5.0)
                .sample(Suite.NULL, "randread:4k:1", "qsd", 0, 1, 100, 5.0);

        assertThat(outcome("p99 latency", data)).isEqualTo(outcomeOf("1.10 (null randread:4k:1)", Verdict.MISSED));
        assertThat(outcome("CPU time", data)).isEqualTo(outcomeOf("1.00 (null randread:4k:1)", Verdict.REACHED));
    }

    @Test
    void areReachedByWhatIsShownAsReachingThem() {
        var data = new SampleData().round(Suite.NULL, "read:1m:4", 0, 99.6, 100, 100);

        assertThat(outcome("null-co", data)).isEqualTo(outcomeOf("1.00 (null read:1m:4)", Verdict.REACHED));
    }

    @Test
    void knowHeapAndMemory() {
        assertThat(outcome("heap a request", SampleData.whole())).isEqualTo(outcomeOf("180.5 bytes", Verdict.REACHED));
        assertThat(outcome("longest collection", SampleData.whole())).isEqualTo(outcomeOf("6.3 ms", Verdict.MISSED));
        assertThat(outcome("buffers", SampleData.whole())).isEqualTo(outcomeOf("65.0 MiB", Verdict.MISSED));
        assertThat(outcome("throughput of 256", SampleData.whole())).isEqualTo(outcomeOf("0.70", Verdict.MISSED));
    }

    @Test
    void tellWhatTheMinimalServerHasWhereWeirIsWorst() {
        var data = SampleData.whole()
                .round(Suite.RAW_MEMORY, "randread:4k:32", 0, 150, 100, 50)
                .sample(Suite.RAW_MEMORY, "randread:4k:32", "minimal", 0, 140, 100, 5.0)
                .sample(Suite.RAW_MEMORY, "randread:4k:32", "minimal-mt", 0, 160, 100, 5.0)
                .sample(Suite.RAW_MEMORY, "randread:4k:1", "minimal", 0, 500, 100, 5.0)
                .sample(Suite.SCALING, "1", "minimal", 0, 1000, 100, 5.0)
                .sample(Suite.SCALING, "256", "minimal", 0, 720, 100, 5.0);

        assertThat(outcome("raw in memory, requests of 4 KiB", data))
                .isEqualTo(new Outcome("1.50 (raw-memory randread:4k:32)", Verdict.MISSED, "1.60"));
        assertThat(outcome("throughput of 256", data)).isEqualTo(new Outcome("0.70", Verdict.MISSED, "0.72"));
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
