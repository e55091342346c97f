package dev.weir.storage.graph;

import java.util.concurrent.atomic.LongAdder;

/** Requests and bytes that a node passed to its device. */
final class NodeCounters {
    private final LongAdder reads = new LongAdder();
    private final LongAdder bytesRead = new LongAdder();
    private final LongAdder writes = new LongAdder();
    private final LongAdder bytesWritten = new LongAdder();
    private final LongAdder zeroes = new LongAdder();
    private final LongAdder discards = new LongAdder();
    private final LongAdder flushes = new LongAdder();

    void read(long bytes) {
        reads.increment();
        bytesRead.add(bytes);
    }

    void write(long bytes) {
        writes.increment();
        bytesWritten.add(bytes);
    }

    void zero() {
        zeroes.increment();
    }

    void discard() {
        discards.increment();
    }

    void flush() {
        flushes.increment();
    }

    NodeStatistics snapshot() {
        return new NodeStatistics(
                reads.sum(),
                bytesRead.sum(),
                writes.sum(),
                bytesWritten.sum(),
                zeroes.sum(),
                discards.sum(),
                flushes.sum());
    }
}
