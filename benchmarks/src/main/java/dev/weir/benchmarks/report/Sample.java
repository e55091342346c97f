package dev.weir.benchmarks.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;

/**
 * One measurement of one server.
 *
 * @param suite what was measured
 * @param cell of the suite
 * @param contender who served
 * @param round from 0
 * @param rate requests a second; of {@link Suite#SEQUENTIAL} MB (10^6 bytes) a second
 * @param latency null where the client does not tell
 * @param cpuMicros user and system time of the serving process for one request; null where it was not measured
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Sample(
        Suite suite,
        String cell,
        String contender,
        int round,
        double rate,
        @Nullable Latency latency,
        @Nullable Double cpuMicros) {}
