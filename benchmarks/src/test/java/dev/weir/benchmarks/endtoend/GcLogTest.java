package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GcLogTest {
    private static final String BEFORE = """
            [0.020s] Using Serial
            [0.500s] GC(0) DefNew: 4416K(4928K)->500K(4928K) Eden: 4416K(4416K)->0K(4416K) From: 0K(512K)->500K(512K)
            [0.500s] GC(0) Tenured: 0K(10944K)->300K(10944K)
            [0.500s] GC(0) Pause Young (Allocation Failure) 4M->0M(15M) 9.500ms
            """;
    private static final String AFTER = """
            [1.500s] GC(1) DefNew: 4900K(4928K)->100K(4928K) Eden: 4400K(4416K)->0K(4416K) From: 500K(512K)->100K(512K)
            [1.500s] GC(1) Pause Young (Allocation Failure) 5M->0M(15M) 0.250ms
            [2.500s] GC(2) DefNew: 4500K(4928K)->100K(4928K) Eden: 4400K(4416K)->0K(4416K) From: 100K(512K)->100K(512K)
            [2.500s] GC(2) Pause Young (Allocation Failure) 5M->0M(15M) 1.750ms
            """;

    @Test
    void countsWhatWasAllocatedBetweenCollections() {
        assertThat(GcLog.parse(BEFORE + AFTER, BEFORE.length())).isEqualTo(new GcLog((4400L + 4400) << 10, 2, 1.75));
    }

    @Test
    void isAllOfItFromTheBeginning() {
        assertThat(GcLog.parse(BEFORE, 0)).isEqualTo(new GcLog(4416L << 10, 1, 9.5));
    }

    @Test
    void isEmptyWithoutCollections() {
        assertThat(GcLog.parse(BEFORE, BEFORE.length())).isEqualTo(new GcLog(0, 0, 0));
    }
}
