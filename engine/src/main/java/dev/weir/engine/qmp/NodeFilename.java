package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.graph.NodeInfo;
import java.util.Map;
import java.util.Set;

/** The one name by which a node is shown: its file's, or its options as {@code json:}. */
final class NodeFilename {
    /** Of no meaning to which data the node shows. */
    private static final Set<String> WITHOUT_MEANING = Set.of(
            "node-name",
            "read-only",
            "auto-read-only",
            "cache",
            "discard",
            "detect-zeroes",
            "force-share",
            "aio",
            "locking");

    private NodeFilename() {}

    static String of(NodeInfo info, BlockGraph graph) {
        Map<String, Object> options = info.options().values();
        if (options.get("filename") instanceof String filename) {
            return filename;
        }
        String file = info.child("file").orElse(null);
        boolean alone = info.children().size() == 1 || !options.containsKey("backing");
        if (file != null && alone && !options.containsKey("offset") && !options.containsKey("size")) {
            String child = of(graph.info(file), graph);
            if (!child.startsWith("json:")) {
                return child;
            }
        }
        return "json:" + JsonText.of(json(info, graph), false);
    }

    private static ObjectNode json(NodeInfo info, BlockGraph graph) {
        ObjectNode json = QmpCommands.JSON.objectNode();
        json.put("driver", info.node().driverName());
        info.options().values().forEach((key, value) -> {
            if (value instanceof NodeOptions
                    || key.equals("driver")
                    || WITHOUT_MEANING.contains(key)
                    || key.startsWith("cache.")) {
                return;
            }
            if (value instanceof Long number) {
                json.put(key, number);
            } else if (value instanceof Boolean flag) {
                json.put(key, flag);
            } else if (!info.roles().containsValue(key)) {
                json.put(key, value.toString());
            }
        });
        info.children()
                .forEach(child -> json.set(info.roles().getOrDefault(child, "file"), json(graph.info(child), graph)));
        return json;
    }
}
