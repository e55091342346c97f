package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.BlockExport;
import dev.weir.engine.RemoveMode;
import dev.weir.engine.control.Control;
import dev.weir.fuse.session.FuseStatistics;
import java.util.List;
import java.util.Locale;
import reactor.core.publisher.Mono;

/** {@code block-export-add}, {@code block-export-del} and {@code query-block-exports}. */
final class ExportCommands {
    private final Control control;

    ExportCommands(Control control) {
        this.control = control;
    }

    void addTo(QmpCommands commands) {
        commands.add(
                "block-export-add",
                arguments -> Mono.defer(() -> control.addExport(JsonOptions.of(arguments)))
                        .then(Mono.empty()));
        commands.add("block-export-del", QmpCommands.taking(reader -> {
            String id = reader.string("id");
            RemoveMode mode = reader.choice("mode", RemoveMode.class, RemoveMode.SAFE);
            reader.end();
            return control.removeExport(id, mode).then(Mono.empty());
        }));
        commands.add("query-block-exports", QmpCommands.none(this::list));
        commands.add("x-weir-query-exports", QmpCommands.none(this::details));
    }

    /** The newest first. */
    private ArrayNode list() {
        ArrayNode list = QmpCommands.JSON.arrayNode();
        List<BlockExport> exports = control.engine().exports();
        for (int i = exports.size() - 1; i >= 0; i--) {
            describe(exports.get(i), list.addObject());
        }
        return list;
    }

    private static ObjectNode describe(BlockExport export, ObjectNode json) {
        return json.put("id", export.id())
                .put("type", "fuse")
                .put("node-name", export.nodeName())
                .put("shutting-down", export.shuttingDown());
    }

    /** What {@code weir list} and {@code weir top} show besides; the counters only ever grow. */
    private ArrayNode details() {
        ArrayNode list = QmpCommands.JSON.arrayNode();
        for (BlockExport export : control.engine().exports()) {
            ObjectNode json = describe(export, list.addObject());
            json.put("mountpoint", export.mountpoint().toString())
                    .put("writable", export.writable())
                    .put("growable", export.growable())
                    .put("size", export.length())
                    .put("in-flight", export.inFlight())
                    .put("in-flight-bytes", export.inFlightBytes())
                    .put("pauses", export.statistics().pauses());
            ObjectNode operations = json.putObject("operations");
            for (FuseStatistics.Kind kind : FuseStatistics.Kind.values()) {
                ObjectNode operation = operations
                        .putObject(kind.name().toLowerCase(Locale.ROOT))
                        .put("requests", export.statistics().requests(kind))
                        .put("errors", export.statistics().errors(kind))
                        .put("bytes", export.statistics().bytes(kind))
                        .put("nanoseconds", export.statistics().nanos(kind));
                putLatencies(operation, export.statistics().latencies(kind));
            }
        }
        return list;
    }

    /** Up to the last count that is not 0. */
    private static void putLatencies(ObjectNode operation, long[] latencies) {
        int length = latencies.length;
        while (length > 0 && latencies[length - 1] == 0) {
            length--;
        }
        ArrayNode counts = operation.putArray("latencies");
        for (int i = 0; i < length; i++) {
            counts.add(latencies[i]);
        }
    }
}
