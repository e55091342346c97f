package dev.weir.benchmarks.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AnalysisTest {
    private static final String CELL = "randread:4k:1";

    @Test
    void comparesEachRoundWithTheBetterOfQemusInThatRound() {
        var analysis = new Analysis(SampleData.whole().results());

        assertThat(analysis.ratioToQemu(Suite.RAW_MEMORY, CELL, Metric.RATE)).contains(new Spread(2.5, 2, 3));
    }

    @Test
    void takesTheLowerFigureForTheBetterWhereLessIsBetter() {
        var analysis = new Analysis(SampleData.whole().results());

        assertThat(analysis.ratioToQemu(Suite.RAW_MEMORY, CELL, Metric.P99)).contains(new Spread(0.9, 0.9, 0.9));
        assertThat(analysis.ratioToQemu(Suite.RAW_MEMORY, CELL, Metric.CPU)).contains(new Spread(0.5, 0.5, 0.5));
    }

    @Test
    void leavesOutRoundsThatOneSideDoesNotHave() {
        var analysis = new Analysis(new SampleData()
                .sample(Suite.NULL, CELL, "weir", 0, 10, 1, null)
                .sample(Suite.NULL, CELL, "weir", 1, 30, 1, null)
                .sample(Suite.NULL, CELL, "qsd", 1, 10, 1, null)
                .results());

        assertThat(analysis.ratioToQemu(Suite.NULL, CELL, Metric.RATE)).contains(new Spread(3, 3, 3));
        assertThat(analysis.ratioToQemu(Suite.NULL, CELL, Metric.CPU)).isEmpty();
    }

    @Test
    void doesNotTakeOthersForQemu() {
        var analysis = new Analysis(new SampleData()
                .sample(Suite.RAW_MEMORY, CELL, "jnr-fuse", 0, 10, 1, null)
                .sample(Suite.RAW_MEMORY, CELL, "weir", 0, 15, 1, null)
                .results());

        assertThat(analysis.ratioToQemu(Suite.RAW_MEMORY, CELL, Metric.RATE)).isEmpty();
        assertThat(analysis.ratioTo("jnr-fuse", Suite.RAW_MEMORY, CELL, Metric.RATE))
                .contains(new Spread(1.5, 1.5, 1.5));
        assertThat(analysis.contenders(Suite.RAW_MEMORY)).containsExactly("weir", "jnr-fuse");
    }

    @Test
    void comparesTheBetterOfTheMinimalServersWithTheBetterOfQemus() {
        var analysis = new Analysis(new SampleData()
                .sample(Suite.NULL, CELL, "qsd", 0, 100, 20, null)
                .sample(Suite.NULL, CELL, "qsd-mt", 0, 50, 10, null)
                .sample(Suite.NULL, CELL, "minimal", 0, 120, 15, null)
                .sample(Suite.NULL, CELL, "minimal-mt", 0, 150, 30, null)
                .results());

        assertThat(analysis.minimalToQemu(Suite.NULL, CELL, Metric.RATE)).contains(new Spread(1.5, 1.5, 1.5));
        assertThat(analysis.minimalToQemu(Suite.NULL, CELL, Metric.P99)).contains(new Spread(1.5, 1.5, 1.5));
        assertThat(analysis.minimalToQemu(Suite.RAW_DISK, CELL, Metric.RATE)).isEmpty();
    }

    @Test
    void relatesAServerToItself() {
        var analysis = new Analysis(SampleData.whole().results());

        assertThat(analysis.relative(Suite.SCALING, "256", "1", "qsd")).contains(new Spread(0.8, 0.8, 0.8));
    }
}
