package dev.weir.storage.graph;

/**
 * What a node was asked for since it was opened. A request counts when it is let through, whatever becomes of it.
 *
 * @param reads requests
 * @param bytesRead bytes asked for
 * @param writes requests
 * @param bytesWritten bytes asked for
 * @param zeroes {@code writeZeroes} requests, detected zeroes included
 * @param discards requests
 * @param bytesDiscarded bytes asked for
 * @param flushes requests
 * @param highestWrite the end of the write or {@code writeZeroes} request that ends last, as an offset
 * @param failedReads of the requests of backends on the node, those that failed and had a right to be made; so for the following
 * @param failedWrites {@code writeZeroes} requests included
 */
public record NodeStatistics(
        long reads,
        long bytesRead,
        long writes,
        long bytesWritten,
        long zeroes,
        long discards,
        long bytesDiscarded,
        long flushes,
        long highestWrite,
        long failedReads,
        long failedWrites,
        long failedDiscards,
        long failedFlushes) {}
