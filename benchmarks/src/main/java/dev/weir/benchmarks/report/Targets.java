package dev.weir.benchmarks.report;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** What Weir is to reach, in one place. Ratios are to the better of QEMU's configurations, in the same round. */
final class Targets {
    /** Of one IoThread. */
    private static final long BUDGET = 64 << 20;

    private Targets() {}

    static List<Target> all() {
        Set<Suite> raw = EnumSet.of(Suite.RAW_MEMORY, Suite.RAW_DISK);
        return List.of(
                Target.ratio(Set.of(Suite.RAW_MEMORY), Targets::small, "raw in memory, requests of 4 KiB", 2.0),
                Target.ratio(Set.of(Suite.RAW_MEMORY), Targets::large, "raw in memory, requests of 1 MiB", 1.5),
                Target.ratio(
                        Set.of(Suite.RAW_DISK), Targets::small, "raw on disk (page cache), requests of 4 KiB", 2.0),
                Target.ratio(
                        Set.of(Suite.RAW_DISK), Targets::large, "raw on disk (page cache), requests of 1 MiB", 1.5),
                Target.lowestRound(raw, "raw in memory and on disk (page cache), every single round", 1.0),
                Target.ratio(Set.of(Suite.RAW_DIRECT), cell -> true, "raw on disk with cache.direct", 1.0),
                Target.ratio(Set.of(Suite.NULL), cell -> true, "null-co, transport alone", 1.0),
                Target.ratio(Set.of(Suite.QCOW2), Targets::small, "qcow2, allocated clusters, requests of 4 KiB", 1.8),
                Target.ratio(Set.of(Suite.FIRST_WRITES), cell -> true, "qcow2, first writes", 1.2),
                Target.ratio(Set.of(Suite.SEQUENTIAL), cell -> true, "one sequential reader without O_DIRECT", 1.5),
                Target.atMost(Metric.P99, Suite.CELLS, "p99 latency over QEMU's, every cell", 1.0),
                Target.atMost(Metric.CPU, Suite.CELLS, "CPU time of the server a request over QEMU's, every cell", 1.0),
                Target.heap("heap a request at depth 32: at most 200 bytes", HeapLoad::bytesPerRequest, "bytes", 200),
                Target.heap(
                        "longest collection under full load, heap of 64 MiB: at most 5 ms",
                        HeapLoad::longestPauseMillis,
                        "ms",
                        5),
                Target.relative(Suite.SCALING, "256", "1", "throughput of 256 exports over that of one", 0.8),
                Target.buffers("buffers for requests, up to 256 exports on one thread: at most 64 MiB", BUDGET));
    }

    private static boolean small(String cell) {
        return cell.contains(":4k:");
    }

    private static boolean large(String cell) {
        return cell.contains(":1m:");
    }
}
