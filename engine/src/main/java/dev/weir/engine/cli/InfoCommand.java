package dev.weir.engine.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.cli.client.ExportReport;
import dev.weir.engine.cli.client.OperationCounts;
import dev.weir.engine.cli.client.QmpClient;
import dev.weir.engine.cli.client.QmpClientException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code weir info}: exports and the nodes below them, with their options. */
@Command(
        name = "info",
        customSynopsis = "weir info [OPTION]... [ID]",
        descriptionHeading = "%n",
        description = "Tells what a daemon's exports are, and what the nodes are that they show.",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = "Exit status: 0 success; 1 failure; 2 wrong usage.")
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class InfoCommand implements Callable<Integer> {
    private static final List<String> KINDS = List.of("read", "write", "flush", "other");

    private final Console console;

    @Parameters(
            paramLabel = "ID",
            index = "0",
            arity = "0..1",
            description = "One export, as 'weir list' shows it, and its nodes. Without it, all exports and all nodes.")
    private @Nullable String id;

    @Mixin
    private final SocketOptions socket = new SocketOptions();

    @Option(names = "--json", description = "Print a JSON object, with the arrays 'exports' and 'nodes'.")
    private boolean json;

    @Mixin
    private final HelpOption help = new HelpOption();

    InfoCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        ArrayNode exports = JsonNodeFactory.instance.arrayNode();
        List<JsonNode> nodes = new ArrayList<>();
        try (QmpClient daemon = socket.connect()) {
            Map<String, JsonNode> known = nodes(daemon);
            if (id == null) {
                ExportReport.query(daemon).forEach(exports::add);
                nodes.addAll(known.values());
            } else {
                String root = ExportReport.find(daemon, id).nodeName();
                for (JsonNode export : ExportReport.query(daemon)) {
                    if (export.path("id").asText().equals(id)) {
                        exports.add(export);
                    }
                }
                collect(root, known, nodes);
            }
        }
        if (json) {
            ObjectNode all = JsonNodeFactory.instance.objectNode();
            all.set("exports", exports);
            all.putArray("nodes").addAll(nodes);
            JsonOutput.print(all, console);
        } else {
            exports.forEach(export -> tell("Export ", describe(ExportReport.of(export))));
            nodes.forEach(node -> tell("Node ", describe(node)));
        }
        return 0;
    }

    /** The oldest first, by name. */
    private static Map<String, JsonNode> nodes(QmpClient daemon) throws QmpClientException {
        List<JsonNode> newestFirst = new ArrayList<>();
        daemon.execute("query-named-block-nodes").forEach(node -> newestFirst.add(0, node));
        Map<String, JsonNode> nodes = new LinkedHashMap<>();
        newestFirst.forEach(node -> nodes.put(node.path("node-name").asText(), node));
        return nodes;
    }

    private static void collect(String name, Map<String, JsonNode> known, List<JsonNode> into) {
        JsonNode node = known.get(name);
        if (node != null && !into.contains(node)) {
            into.add(node);
            for (JsonNode child : node.path("children")) {
                collect(child.path("node-name").asText(), known, into);
            }
        }
    }

    private static Map<String, String> describe(ExportReport export) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("", export.id());
        facts.put("node", export.nodeName());
        facts.put("mountpoint", export.mountpoint());
        facts.put("size", size(export.size()));
        facts.put("mode", export.mode());
        facts.put("in flight", Long.toString(export.inFlight()));
        facts.put("pauses", Long.toString(export.pauses()));
        for (String kind : KINDS) {
            facts.put(kind, counts(export.operation(kind)));
        }
        return facts;
    }

    private static String counts(OperationCounts operation) {
        return operation.requests() + " requests, " + new ByteSize(operation.bytes()) + ", " + operation.errors()
                + " errors";
    }

    private static Map<String, String> describe(JsonNode node) {
        JsonNode image = node.path("image");
        JsonNode cache = node.path("cache");
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("", node.path("node-name").asText());
        facts.put("driver", node.path("drv").asText());
        facts.put("file", node.path("file").asText());
        facts.put("size", size(image.path("virtual-size").asLong()));
        facts.put("allocated", size(image.path("actual-size").asLong()));
        facts.put("read-only", onOff(node.path("ro")));
        facts.put("cache", "direct " + onOff(cache.path("direct")) + ", no-flush " + onOff(cache.path("no-flush")));
        facts.put("detect-zeroes", node.path("detect_zeroes").asText());
        List<String> children = new ArrayList<>();
        node.path("children")
                .forEach(child -> children.add(child.path("child").asText() + " "
                        + child.path("node-name").asText()));
        if (!children.isEmpty()) {
            facts.put("children", String.join(", ", children));
        }
        return facts;
    }

    private static String size(long bytes) {
        var size = new ByteSize(bytes);
        return bytes < 1024 ? size.toString() : size + " (" + bytes + ")";
    }

    private static String onOff(JsonNode flag) {
        return flag.asBoolean() ? "on" : "off";
    }

    private void tell(String what, Map<String, String> facts) {
        facts.forEach((key, value) -> {
            String shown = TextTable.printable(value);
            console.out()
                    .println(key.isEmpty() ? what + shown : "  " + (key + ":              ").substring(0, 15) + shown);
        });
    }
}
