package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.control.Control;
import dev.weir.storage.graph.NodeSchema;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionSchema;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What {@code query-qmp-schema} answers: the commands and events that are there, with their types, and nothing else. Nodes,
 * exports and objects are as they are declared: each a variant of its own.
 */
final class QmpSchema {
    /** Members of arguments: a name, its type, and whether it may be left out, which {@code ?} before it says. */
    private static final Map<String, List<String>> ARGUMENTS = Map.ofEntries(
            Map.entry("qmp_capabilities", List.of("?enable:[QMPCapability]")),
            Map.entry("block-export-del", List.of("id:str", "?mode:BlockExportRemoveMode")),
            Map.entry("blockdev-del", List.of("node-name:str")),
            Map.entry("blockdev-reopen", List.of("options:[BlockdevOptions]")),
            Map.entry("blockdev-snapshot", List.of("node:str", "overlay:str")),
            Map.entry("block_resize", List.of("?device:str", "?node-name:str", "size:int")),
            Map.entry("query-named-block-nodes", List.of("?flat:bool")),
            Map.entry("query-blockstats", List.of("?query-nodes:bool")),
            Map.entry("object-del", List.of("id:str")),
            Map.entry("qom-get", List.of("path:str", "property:str")),
            Map.entry("qom-set", List.of("path:str", "property:str", "value:any")));

    /** Arguments that are declared elsewhere. */
    private static final Map<String, String> DECLARED = Map.of(
            "block-export-add", "BlockExportOptions", "blockdev-add", "BlockdevOptions", "object-add", "ObjectOptions");

    private final ArrayNode schema = QmpCommands.JSON.arrayNode();

    /** Types that several options may have, once one has. */
    private final Set<String> shared = new HashSet<>();

    private QmpSchema() {}

    static ArrayNode of(Collection<String> commands, Control control) {
        var schema = new QmpSchema();
        for (String command : commands) {
            schema.command(command);
        }
        schema.object("q_event_BLOCK_EXPORT_DELETED", List.of("id:str"));
        schema.entity("event", "BLOCK_EXPORT_DELETED").put("arg-type", "q_event_BLOCK_EXPORT_DELETED");
        schema.object(
                "q_event_BLOCK_IO_ERROR",
                List.of(
                        "qom-path:str",
                        "device:str",
                        "?node-name:str",
                        "operation:IoOperationType",
                        "action:BlockErrorAction",
                        "?nospace:bool",
                        "reason:str"));
        schema.entity("event", "BLOCK_IO_ERROR").put("arg-type", "q_event_BLOCK_IO_ERROR");
        schema.enumeration("IoOperationType", List.of("read", "write"));
        schema.enumeration("BlockErrorAction", List.of("report"));
        schema.object("q_empty", List.of());
        NodeSchema nodes = control.engine().graph().schema();
        schema.variants("BlockdevOptions", "driver", nodes.common(), nodes.drivers());
        schema.variants("BlockExportOptions", "type", Control.exportOptions(), Control.exportTypes());
        schema.variants("ObjectOptions", "qom-type", Control.objectOptions(), Control.objectTypes());
        schema.enumeration("BlockExportRemoveMode", List.of("safe", "hard"));
        schema.enumeration("QMPCapability", List.of("oob"));
        schema.entity("array", "[QMPCapability]").put("element-type", "QMPCapability");
        schema.entity("array", "[BlockdevOptions]").put("element-type", "BlockdevOptions");
        schema.builtin("str", "string");
        schema.builtin("int", "int");
        schema.builtin("bool", "boolean");
        schema.builtin("any", "value");
        return schema.schema;
    }

    private void command(String name) {
        List<String> members = ARGUMENTS.getOrDefault(name, List.of());
        String type = DECLARED.getOrDefault(name, members.isEmpty() ? "q_empty" : "q_" + name + "-arg");
        entity("command", name).put("arg-type", type).put("ret-type", "any").put("allow-oob", false);
        if (!members.isEmpty()) {
            object(type, members);
        }
    }

    /** What a tag decides about. */
    private void variants(String name, String tag, OptionSchema common, Map<String, OptionSchema> byTag) {
        ObjectNode json = entity("object", name).put("tag", tag);
        ArrayNode members = json.putArray("members");
        members.addObject().put("name", tag).put("type", name + "-" + tag);
        common.options().forEach(option -> member(members, name, option));
        ArrayNode variants = json.putArray("variants");
        byTag.forEach((value, own) -> {
            variants.addObject().put("case", value).put("type", name + "-" + value + "-variant");
            object(name + "-" + value + "-variant", own);
        });
        enumeration(name + "-" + tag, byTag.keySet());
    }

    private void object(String name, OptionSchema options) {
        ArrayNode members = entity("object", name).putArray("members");
        options.options().forEach(option -> member(members, name, option));
    }

    private void member(ArrayNode members, String owner, Option<?> option) {
        ObjectNode json = members.addObject().put("name", option.name()).put("type", type(owner, option));
        if (!option.required()) {
            json.putNull("default");
        }
    }

    private String type(String owner, Option<?> option) {
        String own = owner + "-" + option.name();
        return switch (option.type()) {
            case STRING -> "str";
            case BOOLEAN -> "bool";
            case INTEGER, SIZE -> "int";
            case CHILD -> alternate("BlockdevRef", "BlockdevOptions", "str");
            case CHILD_OR_NULL -> alternate("BlockdevRefOrNull", "BlockdevOptions", "str", builtin("null", "null"));
            case STRINGS -> strings();
            case STRING_OR_STRINGS -> alternate("StrOrStrings", "str", strings());
            case ENUM -> {
                enumeration(own, option.values());
                yield own;
            }
            case GROUP -> {
                object(own, option.members());
                yield own;
            }
        };
    }

    private String alternate(String name, String... types) {
        if (shared.add(name)) {
            ArrayNode members = entity("alternate", name).putArray("members");
            for (String type : types) {
                members.addObject().put("type", type);
            }
        }
        return name;
    }

    private String strings() {
        if (shared.add("[str]")) {
            entity("array", "[str]").put("element-type", "str");
        }
        return "[str]";
    }

    private void object(String name, List<String> members) {
        ArrayNode list = entity("object", name).putArray("members");
        for (String member : members) {
            boolean optional = member.startsWith("?");
            String[] parts = member.substring(optional ? 1 : 0).split(":", 2);
            ObjectNode json = list.addObject().put("name", parts[0]).put("type", parts[1]);
            if (optional) {
                json.putNull("default");
            }
        }
    }

    private void enumeration(String name, Collection<String> values) {
        ObjectNode json = entity("enum", name);
        ArrayNode members = json.putArray("members");
        ArrayNode plain = json.putArray("values");
        values.forEach(value -> {
            members.addObject().put("name", value);
            plain.add(value);
        });
    }

    private String builtin(String name, String jsonType) {
        if (shared.add(name)) {
            entity("builtin", name).put("json-type", jsonType);
        }
        return name;
    }

    private ObjectNode entity(String metaType, String name) {
        return schema.addObject().put("meta-type", metaType).put("name", name);
    }
}
