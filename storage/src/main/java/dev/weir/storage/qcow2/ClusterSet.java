package dev.weir.storage.qcow2;

import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * The clusters of a file that hold metadata, which no guest data may ever be written to. Looked at by any thread; changed
 * under the metadata lock. Takes memory in proportion to what was added, wherever in the file that is: an image that was
 * made to do harm names clusters all over.
 */
final class ClusterSet {
    private static final long FREE = 0;
    private static final long REMOVED = -1;

    /** Single clusters plus one, by hash; at most half of the places are not free. Replaced as a whole when it grows. */
    private volatile AtomicLongArray singles = new AtomicLongArray(64);

    private int taken;

    /** Runs of clusters that neither overlap nor touch: the first one, and the one after the last. */
    private final NavigableMap<Long, Long> runs = new TreeMap<>();

    /** The same for those who look: firsts and ends in turn. Null when it has changed. */
    private volatile long @Nullable [] borders = {};

    void add(long cluster) {
        AtomicLongArray places = singles;
        if (find(places, cluster) >= 0) {
            return;
        }
        if (2 * (taken + 1) > places.length()) {
            places = grown(places);
        }
        put(places, cluster + 1);
        singles = places;
    }

    private AtomicLongArray grown(AtomicLongArray places) {
        int there = 0;
        for (int i = 0; i < places.length(); i++) {
            there += places.get(i) > FREE ? 1 : 0;
        }
        // Where most were removed, the same size will do.
        var more = new AtomicLongArray(4 * (there + 1) > places.length() ? 2 * places.length() : places.length());
        taken = 0;
        for (int i = 0; i < places.length(); i++) {
            if (places.get(i) > FREE) {
                put(more, places.get(i));
            }
        }
        return more;
    }

    private void put(AtomicLongArray places, long value) {
        int place = placeOf(places, value);
        while (places.get(place) != FREE) {
            place = place + 1 & places.length() - 1;
        }
        places.set(place, value);
        taken++;
    }

    /** Where it is, or -1. */
    private static int find(AtomicLongArray places, long cluster) {
        for (int place = placeOf(places, cluster + 1); ; place = place + 1 & places.length() - 1) {
            long value = places.get(place);
            if (value == cluster + 1) {
                return place;
            } else if (value == FREE) {
                return -1;
            }
        }
    }

    private static int placeOf(AtomicLongArray places, long value) {
        return (int) (value * 0x9e3779b97f4a7c15L >>> 33) & places.length() - 1;
    }

    void addRange(long offset, long bytes, Geometry geometry) {
        long from = offset >>> geometry.clusterBits();
        long to = geometry.clusters(offset + bytes);
        if (from < to) {
            synchronized (runs) {
                addRun(from, to);
                borders = null;
            }
        }
    }

    private void addRun(long first, long end) {
        long from = first;
        long to = end;
        Map.Entry<Long, Long> before = runs.floorEntry(from);
        if (before != null && before.getValue() >= from) {
            from = before.getKey();
            to = Math.max(to, before.getValue());
        }
        for (Map.Entry<Long, Long> next = runs.higherEntry(from);
                next != null && next.getKey() <= to;
                next = runs.higherEntry(from)) {
            to = Math.max(to, next.getValue());
            runs.remove(next.getKey());
        }
        runs.put(from, to);
    }

    void removeRange(long offset, long bytes, Geometry geometry) {
        long from = offset >>> geometry.clusterBits();
        long to = geometry.clusters(offset + bytes);
        for (long cluster = from; cluster < to; cluster++) {
            int place = find(singles, cluster);
            if (place >= 0) {
                singles.set(place, REMOVED);
            }
        }
        synchronized (runs) {
            removeRun(from, to);
            borders = null;
        }
    }

    private void removeRun(long from, long to) {
        for (Map.Entry<Long, Long> last = runs.lowerEntry(to);
                last != null && last.getValue() > from;
                last = runs.lowerEntry(to)) {
            if (last.getValue() > to) {
                runs.put(to, last.getValue());
            }
            if (last.getKey() < from) {
                runs.put(last.getKey(), from);
                break;
            }
            runs.remove(last.getKey());
        }
    }

    boolean contains(long cluster) {
        if (find(singles, cluster) >= 0) {
            return true;
        }
        long[] now = borders;
        int place = Arrays.binarySearch(now == null ? bordersAgain() : now, cluster);
        // A first one is found itself or lies before, where it is at an even place.
        return place >= 0 ? place % 2 == 0 : ~place % 2 == 1;
    }

    private long[] bordersAgain() {
        synchronized (runs) {
            long[] again = new long[2 * runs.size()];
            int place = 0;
            for (Map.Entry<Long, Long> run : runs.entrySet()) {
                again[place++] = run.getKey();
                again[place++] = run.getValue();
            }
            borders = again;
            return again;
        }
    }

    /** Whether a cluster is in it that has one of those bytes. */
    boolean touches(long offset, long bytes, Geometry geometry) {
        long end = geometry.clusters(offset + bytes);
        for (long cluster = offset >>> geometry.clusterBits(); cluster < end; cluster++) {
            if (contains(cluster)) {
                return true;
            }
        }
        return false;
    }
}
