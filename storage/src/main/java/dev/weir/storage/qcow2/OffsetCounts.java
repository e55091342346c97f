package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.Arrays;

/** How often which offset occurs, without boxes. Not thread-safe. */
final class OffsetCounts {
    private static final int MAX = 1 << 23;

    /** Offset + 1; 0 is free. */
    private long[] keys = new long[64];

    private long[] counts = new long[64];
    private long[] marked = new long[64];
    private int size;

    int size() {
        return size;
    }

    /**
     * @param offset 0 or more
     * @param ofThemMarked how many of those are special in the sense of the caller
     */
    void add(long offset, long times, long ofThemMarked) {
        int slot = slot(keys, offset + 1);
        if (keys[slot] == 0) {
            if (size >= MAX) {
                throw BlockException.of(BlockErrorKind.NO_MEMORY, "The image has too many tables");
            }
            keys[slot] = offset + 1;
            size++;
        }
        counts[slot] += times;
        marked[slot] += ofThemMarked;
        if (size > keys.length / 2) {
            grow();
        }
    }

    long count(long offset) {
        return counts[slot(keys, offset + 1)];
    }

    long marked(long offset) {
        return marked[slot(keys, offset + 1)];
    }

    /** In ascending order. */
    long[] offsets() {
        long[] offsets = new long[size];
        int n = 0;
        for (long key : keys) {
            if (key != 0) {
                offsets[n++] = key - 1;
            }
        }
        Arrays.sort(offsets);
        return offsets;
    }

    private void grow() {
        long[] newKeys = new long[keys.length * 2];
        long[] newCounts = new long[keys.length * 2];
        long[] newMarked = new long[keys.length * 2];
        for (int i = 0; i < keys.length; i++) {
            if (keys[i] != 0) {
                int slot = slot(newKeys, keys[i]);
                newKeys[slot] = keys[i];
                newCounts[slot] = counts[i];
                newMarked[slot] = marked[i];
            }
        }
        keys = newKeys;
        counts = newCounts;
        marked = newMarked;
    }

    private static int slot(long[] keys, long key) {
        long hash = key * 0x9e3779b97f4a7c15L;
        int slot = (int) (hash >>> 32) & keys.length - 1;
        while (keys[slot] != 0 && keys[slot] != key) {
            slot = slot + 1 & keys.length - 1;
        }
        return slot;
    }
}
