package dev.weir.engine.cli.client;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Requests of one kind since the start of their export, or in an interval.
 *
 * @param requests answered with success
 * @param errors answered with an errno
 * @param bytes transferred
 * @param nanos the time that the successful ones took, summed up
 */
public record OperationCounts(long requests, long errors, long bytes, long nanos, Latencies latencies) {
    /** Nothing. */
    public static final OperationCounts NONE = new OperationCounts(0, 0, 0, 0, Latencies.NONE);

    static OperationCounts of(JsonNode json) {
        return new OperationCounts(
                json.path("requests").asLong(),
                json.path("errors").asLong(),
                json.path("bytes").asLong(),
                json.path("nanoseconds").asLong(),
                Latencies.of(json.path("latencies")));
    }

    /** Both together. */
    public OperationCounts plus(OperationCounts other) {
        return new OperationCounts(
                requests + other.requests,
                errors + other.errors,
                bytes + other.bytes,
                nanos + other.nanos,
                latencies.plus(other.latencies));
    }

    /** What came after an earlier state; all of it where the counters began anew. */
    public OperationCounts since(OperationCounts earlier) {
        if (requests < earlier.requests || bytes < earlier.bytes || nanos < earlier.nanos) {
            return this;
        }
        return new OperationCounts(
                requests - earlier.requests,
                Math.max(0, errors - earlier.errors),
                bytes - earlier.bytes,
                nanos - earlier.nanos,
                latencies.since(earlier.latencies));
    }
}
