package dev.weir.benchmarks.report;

/**
 * What one load did to the heap of Weir's JVM, by its log of collections.
 *
 * @param cell the load
 * @param seconds how long it lasted
 * @param requests answered in that time
 * @param bytesPerRequest allocated, all of it over all requests
 * @param collections in that time
 * @param longestPauseMillis of one collection
 */
public record HeapLoad(
        String cell,
        double seconds,
        long requests,
        double bytesPerRequest,
        int collections,
        double longestPauseMillis) {}
