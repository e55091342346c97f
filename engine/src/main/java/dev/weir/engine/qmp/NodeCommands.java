package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.control.Control;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.graph.NodeInfo;
import dev.weir.storage.graph.NodeStatistics;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The commands about nodes: {@code blockdev-add} and its kin, and the queries. */
final class NodeCommands {
    private final Control control;

    NodeCommands(Control control) {
        this.control = control;
    }

    void addTo(QmpCommands commands) {
        commands.add(
                "blockdev-add",
                arguments -> Mono.defer(() -> control.addNode(JsonOptions.of(arguments)))
                        .then(Mono.empty()));
        commands.add("blockdev-del", QmpCommands.taking(reader -> {
            String name = reader.string("node-name");
            reader.end();
            return control.removeNode(name).then(Mono.empty());
        }));
        commands.add("blockdev-reopen", QmpCommands.taking(reader -> {
            List<NodeOptions> nodes = reader.objects("options");
            reader.end();
            return control.reopenNodes(nodes).then(Mono.empty());
        }));
        commands.add("blockdev-snapshot", QmpCommands.taking(reader -> {
            String node = reader.string("node");
            String overlay = reader.string("overlay");
            reader.end();
            return control.snapshot(node, overlay).then(Mono.empty());
        }));
        commands.add("block_resize", QmpCommands.taking(reader -> {
            String device = String.valueOf(reader.string("device", ""));
            String name = String.valueOf(reader.string("node-name", ""));
            long size = reader.integer("size").orElseThrow(() -> new QmpException("Parameter 'size' is missing"));
            reader.end();
            if (name.isEmpty() || !device.isEmpty()) {
                throw new QmpException("Cannot find device='" + device + "' nor node-name='" + name + "'");
            }
            return control.resize(name, size).then(Mono.empty());
        }));
        commands.add("query-named-block-nodes", QmpCommands.taking(reader -> {
            reader.flag("flat", false);
            reader.end();
            return nodes();
        }));
        commands.add("query-block", QmpCommands.none(QmpCommands.JSON::arrayNode));
        commands.add("query-blockstats", QmpCommands.taking(reader -> {
            boolean nodes = reader.flag("query-nodes", false);
            reader.end();
            return Mono.just(nodes ? statistics() : QmpCommands.JSON.arrayNode());
        }));
    }

    /** The newest first. */
    private Mono<JsonNode> nodes() {
        List<BlockNode> nodes = control.engine().graph().nodes();
        return Flux.range(0, nodes.size())
                .map(i -> nodes.get(nodes.size() - 1 - i))
                .concatMap(node -> node.allocatedBytes().onErrorReturn(0L).map(bytes -> describe(node, bytes)))
                // One that was removed meanwhile is left out.
                .onErrorContinue((failure, node) -> {})
                .collect(QmpCommands.JSON::arrayNode, ArrayNode::add)
                .cast(JsonNode.class);
    }

    private ObjectNode describe(BlockNode node, long allocated) {
        NodeInfo info = control.engine().graph().info(node.nodeName());
        String filename = NodeFilename.of(info, control.engine().graph());
        ObjectNode json = QmpCommands.JSON.objectNode();
        json.put("node-name", node.nodeName()).put("drv", node.driverName()).put("ro", node.readOnly());
        json.put("active", true).put("encrypted", false).put("file", filename).put("backing_file_depth", 0);
        info.child("backing")
                .ifPresent(child -> json.put(
                        "backing_file",
                        NodeFilename.of(
                                control.engine().graph().info(child),
                                control.engine().graph())));
        json.putObject("cache")
                .put("writeback", true)
                .put("direct", info.cacheDirect())
                .put("no-flush", info.cacheNoFlush());
        json.put("detect_zeroes", info.detectZeroes()).put("write_threshold", 0);
        for (String limit : List.of("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")) {
            json.put(limit, 0);
        }
        ArrayNode children = json.putArray("children");
        info.children()
                .forEach(child -> children.addObject()
                        .put("node-name", child)
                        .put("child", info.roles().getOrDefault(child, "file")));
        ObjectNode image = json.putObject("image");
        image.put("filename", filename).put("format", node.driverName()).put("virtual-size", node.length());
        image.put("actual-size", allocated);
        image.putObject("limits")
                .put("request-alignment", node.limits().requestAlignment())
                .put("min-mem-alignment", Math.max(512, node.limits().memoryAlignment()))
                .put("opt-mem-alignment", 4096)
                .put("max-iov", 1024);
        return json;
    }

    private ArrayNode statistics() {
        ArrayNode list = QmpCommands.JSON.arrayNode();
        for (BlockNode node : control.engine().graph().nodes()) {
            list.add(statistics(control.engine().graph().info(node.nodeName())));
        }
        return list;
    }

    private ObjectNode statistics(NodeInfo info) {
        NodeStatistics counted = control.engine().graph().statistics(info.node().nodeName());
        ObjectNode json =
                QmpCommands.JSON.objectNode().put("node-name", info.node().nodeName());
        ObjectNode stats = json.putObject("stats");
        stats.put("rd_operations", counted.reads()).put("rd_bytes", counted.bytesRead());
        stats.put("wr_operations", counted.writes()).put("wr_bytes", counted.bytesWritten());
        stats.put("flush_operations", counted.flushes()).put("unmap_operations", counted.discards());
        stats.put("unmap_bytes", counted.bytesDiscarded()).put("wr_highest_offset", counted.highestWrite());
        stats.put("failed_rd_operations", counted.failedReads());
        stats.put("failed_wr_operations", counted.failedWrites());
        stats.put("failed_unmap_operations", counted.failedDiscards());
        stats.put("failed_flush_operations", counted.failedFlushes());
        for (String zero : ZERO_STATISTICS) {
            stats.put(zero, 0);
        }
        stats.put("account_invalid", false).put("account_failed", false).putArray("timed_stats");
        BlockGraph graph = control.engine().graph();
        info.child("file").ifPresent(child -> json.set("parent", statistics(graph.info(child))));
        info.child("backing").ifPresent(child -> json.set("backing", statistics(graph.info(child))));
        return json;
    }

    /** Members that clients expect, of what is not counted a node; the exports' counters have times. */
    private static final List<String> ZERO_STATISTICS = List.of(
            "unmap_merged",
            "unmap_total_time_ns",
            "invalid_unmap_operations",
            "rd_merged",
            "rd_total_time_ns",
            "invalid_rd_operations",
            "wr_merged",
            "wr_total_time_ns",
            "invalid_wr_operations",
            "flush_total_time_ns",
            "invalid_flush_operations",
            "zone_append_operations",
            "zone_append_bytes",
            "zone_append_merged",
            "zone_append_total_time_ns",
            "failed_zone_append_operations",
            "invalid_zone_append_operations");
}
