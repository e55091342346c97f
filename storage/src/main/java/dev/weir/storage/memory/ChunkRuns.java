package dev.weir.storage.memory;

import java.util.Map;
import java.util.TreeMap;

/** The numbers of the chunks that exist, as runs, so that the end of one is found without a look at each. */
final class ChunkRuns {
    /** The first number of each run, with the first one after it. Guarded by this. */
    private final TreeMap<Long, Long> runs = new TreeMap<>();

    /** @param number of a chunk that is not there */
    synchronized void add(long number) {
        Map.Entry<Long, Long> before = runs.floorEntry(number);
        Long after = runs.remove(number + 1);
        long start = before != null && before.getValue() == number ? before.getKey() : number;
        runs.put(start, after == null ? number + 1 : after);
    }

    /** @param number of a chunk that is there */
    synchronized void remove(long number) {
        Map.Entry<Long, Long> run = runs.floorEntry(number);
        if (run == null) {
            return;
        }
        runs.remove(run.getKey());
        if (run.getKey() < number) {
            runs.put(run.getKey(), number);
        }
        if (number + 1 < run.getValue()) {
            runs.put(number + 1, run.getValue());
        }
    }

    synchronized void clear() {
        runs.clear();
    }

    /**
     * Where the chunks that are there like {@code number}, or absent like it, end.
     *
     * @return the first number of another kind, {@link Long#MAX_VALUE} where there is none; for a chunk that is absent its
     *     complement
     */
    synchronized long end(long number) {
        Map.Entry<Long, Long> run = runs.floorEntry(number);
        if (run != null && run.getValue() > number) {
            return run.getValue();
        }
        Long next = runs.higherKey(number);
        return ~(next == null ? Long.MAX_VALUE : next);
    }
}
