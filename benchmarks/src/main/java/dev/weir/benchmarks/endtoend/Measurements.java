package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Suite;
import java.io.IOException;
import java.util.List;

/** How a suite is measured. */
interface Measurements {
    Suite suite();

    /** Tells the progress what is to be expected. */
    void announce(Run run);

    /** Measures it, and leaves nothing behind. */
    void measure(Run run) throws IOException, InterruptedException, ComparisonException;

    /** Those of all suites. */
    static List<Measurements> all() {
        return List.of(
                new CellMeasurements(Suite.RAW_MEMORY, Export.Format.RAW, false, false),
                new CellMeasurements(Suite.RAW_DISK, Export.Format.RAW, true, false),
                new CellMeasurements(Suite.RAW_DIRECT, Export.Format.RAW, true, true),
                new CellMeasurements(Suite.NULL, Export.Format.NULL, false, false),
                new CellMeasurements(Suite.QCOW2, Export.Format.QCOW2, false, false),
                new FirstWriteMeasurements(),
                new SequentialMeasurements(),
                new ScalingMeasurements(),
                new GarbageMeasurements());
    }
}
