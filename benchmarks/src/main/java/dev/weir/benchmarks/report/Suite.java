package dev.weir.benchmarks.report;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.EnumSet;
import java.util.Set;

/** The kinds of measurements, in the order in which they are made and shown. */
public enum Suite {
    /** A raw image in memory. */
    RAW_MEMORY("raw-memory", "raw, in memory"),
    /** A raw image on a disk, in the page cache of the host. */
    RAW_DISK("raw-disk", "raw, on disk, page cache"),
    /** A raw image on a disk, around the page cache of the host. */
    RAW_DIRECT("raw-direct", "raw, on disk, cache.direct"),
    /** No storage at all. */
    NULL("null", "null-co, transport alone"),
    /** A full qcow2 image in memory. */
    QCOW2("qcow2", "qcow2, allocated clusters"),
    /** Writes to clusters of a qcow2 image that nobody has written. */
    FIRST_WRITES("first-writes", "qcow2, first writes"),
    /** One client that reads all of a raw image on a disk, through the page cache. */
    SEQUENTIAL("sequential", "sequential reader, buffered"),
    /** More and more exports in one process, on one thread. */
    SCALING("scaling", "many exports on one thread"),
    /** What the heap of the JVM costs. */
    GARBAGE("garbage", "garbage and pauses");

    /** Those whose cells are fio's, with latencies and with the CPU time of the server. */
    static final Set<Suite> CELLS = EnumSet.range(RAW_MEMORY, FIRST_WRITES);

    /** Those with a rate of Weir and of QEMU in each round. */
    static final Set<Suite> PAIRED = EnumSet.range(RAW_MEMORY, SEQUENTIAL);

    private final String key;
    private final String title;

    Suite(String key, String title) {
        this.key = key;
        this.title = title;
    }

    /**
     * The suite of that name.
     *
     * @throws IllegalArgumentException where there is none
     */
    @JsonCreator
    public static Suite of(String key) {
        for (Suite suite : values()) {
            if (suite.key.equals(key)) {
                return suite;
            }
        }
        throw new IllegalArgumentException("no such suite: '" + key + "'");
    }

    /** The name on the command line and in files. */
    @JsonValue
    public String key() {
        return key;
    }

    /** The name for people. */
    public String title() {
        return title;
    }

    @Override
    public String toString() {
        return key;
    }
}
