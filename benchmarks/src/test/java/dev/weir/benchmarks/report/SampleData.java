package dev.weir.benchmarks.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A small run, made up: two rounds of few cells. */
final class SampleData {
    private final List<Sample> samples = new ArrayList<>();
    private final List<Footprint> footprints = new ArrayList<>();
    private final List<HeapLoad> heap = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    /** One round of all three servers, with the same figures but for those that are given. */
    SampleData round(Suite suite, String cell, int round, double weir, double qsd, double qsdMt) {
        return sample(suite, cell, "weir", round, weir, 90, 5.0)
                .sample(suite, cell, "qsd", round, qsd, 100, 10.0)
                .sample(suite, cell, "qsd-mt", round, qsdMt, 120, 12.0);
    }

    SampleData sample(
            Suite suite, String cell, String contender, int round, double rate, double p99, @Nullable Double cpu) {
        var latency = new Latency(p99 / 4, Map.of("50", p99 / 5, "90", p99 / 2, "99", p99, "99.9", p99 * 3));
        samples.add(new Sample(suite, cell, contender, round, rate, latency, cpu));
        return this;
    }

    SampleData footprint(
            String contender, int exports, long resident, @Nullable Long inFlight, @Nullable Long buffers) {
        footprints.add(new Footprint(contender, exports, resident, inFlight, buffers));
        return this;
    }

    SampleData heap(double bytesPerRequest, double pauseMillis) {
        heap.add(new HeapLoad("randread:4k:32", 30, 6_000_000, bytesPerRequest, 270, pauseMillis));
        return this;
    }

    SampleData note(String text) {
        notes.add(text);
        return this;
    }

    Results results() {
        var environment = new Environment(
                "2026-11-22",
                Map.of("CPU", "Example 9000"),
                Map.of("QEMU", "11.1.3", "Weir", "commit 0123456789ab"),
                "--rounds=2");
        return new Results(environment, samples, footprints, heap, notes);
    }

    /** A run in which everything was measured. */
    static SampleData whole() {
        return new SampleData()
                .round(Suite.RAW_MEMORY, "randread:4k:1", 0, 200, 100, 50)
                .round(Suite.RAW_MEMORY, "randread:4k:1", 1, 300, 50, 100)
                .round(Suite.RAW_DISK, "read:1m:4", 0, 90, 100, 80)
                .round(Suite.RAW_DISK, "read:1m:4", 1, 80, 100, 80)
                .round(Suite.SCALING, "1", 0, 1000, 500, 500)
                .round(Suite.SCALING, "256", 0, 700, 400, 400)
                .footprint("weir", 1, 100L << 20, 1L << 20, 2L << 20)
                .footprint("weir", 256, 300L << 20, 1L << 20, 65L << 20)
                .footprint("qsd", 256, 30L << 20, null, null)
                .heap(180.5, 6.25);
    }
}
