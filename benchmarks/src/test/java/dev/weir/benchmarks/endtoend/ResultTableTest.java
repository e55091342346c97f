package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ResultTableTest {
    @Test
    void showsMediansAndTheMedianOfTheRatiosOfTheRounds() {
        var table = new ResultTable(List.of("weir", "peer"));

        String row = table.row(
                Cell.parse("read:1m:4"),
                Map.of(
                        "weir", List.of(iops(100), iops(300), iops(400)),
                        "peer", List.of(iops(100), iops(100), iops(400))));

        assertThat(row).isEqualTo("| read:1m:4 | 300 (10) | 100 (10) | 1.00 [1.00..3.00] |");
    }

    @Test
    void headsAsManyColumnsAsARowHas() {
        var table = new ResultTable(List.of("weir", "a", "b"));
        var results = Map.of("weir", List.of(iops(1)), "a", List.of(iops(1)), "b", List.of(iops(1)));

        assertThat(table.head().lines())
                .allSatisfy(line ->
                        assertThat(columns(line)).isEqualTo(columns(table.row(Cell.parse("read:4k:1"), results))));
    }

    @Test
    void takesTheMiddleOfTwoForTheMedian() {
        assertThat(Measurement.median(1, 4)).isEqualTo(2.5);
    }

    private static Measurement iops(double iops) {
        return new Measurement(iops, 10);
    }

    private static long columns(String line) {
        return line.chars().filter(c -> c == '|').count();
    }
}
