package dev.weir.benchmarks.report;

import java.util.Map;

/**
 * Where and with what was measured. Names neither people nor places.
 *
 * @param date in UTC
 * @param machine what it is, by aspect
 * @param versions of programs, by program
 * @param options how the measurement was started, without paths
 */
public record Environment(String date, Map<String, String> machine, Map<String, String> versions, String options) {}
