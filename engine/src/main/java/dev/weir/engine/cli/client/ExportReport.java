package dev.weir.engine.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a daemon tells about one of its exports.
 *
 * @param size bytes
 * @param inFlight requests in flight
 * @param pauses how often reading stopped because the budget was used up
 * @param operations by kind: read, write, flush, other
 */
public record ExportReport(
        String id,
        String nodeName,
        String mountpoint,
        long size,
        boolean writable,
        boolean growable,
        boolean shuttingDown,
        long inFlight,
        long pauses,
        Map<String, OperationCounts> operations) {
    /** The JSON array that all reports come from. */
    public static JsonNode query(QmpClient daemon) throws QmpClientException {
        try {
            return daemon.execute("x-weir-query-exports");
        } catch (QmpClientException e) {
            throw e.unknownCommand() ? new QmpClientException("the daemon is not weir's: " + e.getMessage(), e) : e;
        }
    }

    /** All exports, the oldest first. */
    public static List<ExportReport> all(QmpClient daemon) throws QmpClientException {
        List<ExportReport> reports = new ArrayList<>();
        query(daemon).forEach(export -> reports.add(of(export)));
        return reports;
    }

    /** One of them. */
    public static ExportReport find(QmpClient daemon, String id) throws QmpClientException {
        for (ExportReport report : all(daemon)) {
            if (report.id().equals(id)) {
                return report;
            }
        }
        throw QmpClientException.refused("GenericError", "Export '" + id + "' is not found");
    }

    /** Reads an element of what {@link #query} gives. */
    public static ExportReport of(JsonNode json) {
        Map<String, OperationCounts> operations = new TreeMap<>();
        json.path("operations")
                .properties()
                .forEach(operation -> operations.put(operation.getKey(), OperationCounts.of(operation.getValue())));
        return new ExportReport(
                json.path("id").asText(),
                json.path("node-name").asText(),
                json.path("mountpoint").asText(),
                json.path("size").asLong(),
                json.path("writable").asBoolean(),
                json.path("growable").asBoolean(),
                json.path("shutting-down").asBoolean(),
                json.path("in-flight").asLong(),
                json.path("pauses").asLong(),
                operations);
    }

    /** The counters of a kind of requests. */
    public OperationCounts operation(String kind) {
        return operations.getOrDefault(kind, OperationCounts.NONE);
    }

    /** The counters of all kinds. */
    public OperationCounts total() {
        return operations.values().stream().reduce(OperationCounts.NONE, OperationCounts::plus);
    }

    /** What clients may do, in a word. */
    public String mode() {
        return shuttingDown ? "ending" : growable ? "growable" : writable ? "writable" : "read-only";
    }
}
