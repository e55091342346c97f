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
 * @param flushes requests
 */
public record NodeStatistics(
        long reads, long bytesRead, long writes, long bytesWritten, long zeroes, long discards, long flushes) {}
