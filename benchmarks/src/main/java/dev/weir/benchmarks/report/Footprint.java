package dev.weir.benchmarks.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a process that serves many exports, under load.
 *
 * @param contender who
 * @param exports how many
 * @param residentBytes resident set
 * @param inFlightBytes what requests in flight held, the most that was seen; null where nobody tells
 * @param bufferBytes memory that buffers for requests occupied, the most that was seen; null where nobody tells
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Footprint(
        String contender,
        int exports,
        long residentBytes,
        @Nullable Long inFlightBytes,
        @Nullable Long bufferBytes) {}
