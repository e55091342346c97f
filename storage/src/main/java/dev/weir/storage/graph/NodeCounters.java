package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Requests and bytes that a node passed to its device. */
final class NodeCounters {
    private static final Set<BlockErrorKind> WRONG =
            EnumSet.of(BlockErrorKind.OUT_OF_RANGE, BlockErrorKind.READ_ONLY, BlockErrorKind.CLOSED);

    private final LongAdder reads = new LongAdder();
    private final LongAdder bytesRead = new LongAdder();
    private final LongAdder writes = new LongAdder();
    private final LongAdder bytesWritten = new LongAdder();
    private final LongAdder zeroes = new LongAdder();
    private final LongAdder discards = new LongAdder();
    private final LongAdder flushes = new LongAdder();
    private final LongAdder bytesDiscarded = new LongAdder();
    private final AtomicLong highestWrite = new AtomicLong();
    private final LongAdder failedReads = new LongAdder();
    private final LongAdder failedWrites = new LongAdder();
    private final LongAdder failedDiscards = new LongAdder();
    private final LongAdder failedFlushes = new LongAdder();

    void read(long bytes) {
        reads.increment();
        bytesRead.add(bytes);
    }

    void write(long offset, long bytes) {
        writes.increment();
        bytesWritten.add(bytes);
        reached(offset + bytes);
    }

    void zero(long offset, long bytes) {
        zeroes.increment();
        reached(offset + bytes);
    }

    private void reached(long end) {
        if (end > highestWrite.get()) {
            highestWrite.accumulateAndGet(end, Math::max);
        }
    }

    void discard(long bytes) {
        discards.increment();
        bytesDiscarded.add(bytes);
    }

    void flush() {
        flushes.increment();
    }

    /**
     * What should not have been asked for does not count.
     *
     * @param operation as its method is called
     */
    void failed(String operation, Throwable failure) {
        if (failure instanceof BlockException e && WRONG.contains(e.kind())) {
            return;
        }
        switch (operation) {
            case "read" -> failedReads.increment();
            case "write", "writeZeroes" -> failedWrites.increment();
            case "discard" -> failedDiscards.increment();
            case "flush" -> failedFlushes.increment();
            default -> {}
        }
    }

    NodeStatistics snapshot() {
        return new NodeStatistics(
                reads.sum(),
                bytesRead.sum(),
                writes.sum(),
                bytesWritten.sum(),
                zeroes.sum(),
                discards.sum(),
                bytesDiscarded.sum(),
                flushes.sum(),
                highestWrite.get(),
                failedReads.sum(),
                failedWrites.sum(),
                failedDiscards.sum(),
                failedFlushes.sum());
    }
}
