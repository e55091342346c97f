package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Suite;
import java.util.List;
import java.util.Set;

/**
 * What is to be measured.
 *
 * @param suites in their order
 * @param contenders in their order; Weir is one of them
 * @param cells of the suites with fio; empty for those that each suite has
 * @param quick fewer cells
 * @param rounds in which each cell runs on each server
 * @param runtime seconds of one measurement
 * @param warmup seconds of each server with each of two cells
 * @param size of an image, in MiB
 * @param pauseMinutes of full load, while pauses are looked for
 * @param weirOptions options of {@code weir export}
 */
record Plan(
        Set<Suite> suites,
        List<Contender> contenders,
        List<Cell> cells,
        boolean quick,
        int rounds,
        int runtime,
        int warmup,
        int size,
        double pauseMinutes,
        WeirOptions weirOptions) {
    private static final double START_OF_FIO_SECONDS = 0.35;

    /** The cells, unless others were asked for. */
    List<Cell> cellsOr(String standard, String quickly) {
        if (!cells.isEmpty()) {
            return cells;
        }
        return List.of((quick ? quickly : standard).split(",")).stream()
                .map(Cell::parse)
                .toList();
    }

    /** Those that take part in a suite. */
    List<Contender> contenders(Export.Format format, boolean direct) {
        return contenders.stream()
                .filter(contender -> contender.serves(format, direct))
                .toList();
    }

    /** What a measurement with fio takes, about. */
    double secondsOfFio() {
        return runtime + START_OF_FIO_SECONDS;
    }
}
