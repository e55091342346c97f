package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.control.Control;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** What {@code query-qmp-schema} answers: the commands, events and enumerations that are there, and nothing else. */
final class QmpSchema {
    /** Members of arguments: a name, its type, and whether it may be left out, which {@code ?} before it says. */
    private static final Map<String, List<String>> ARGUMENTS = Map.ofEntries(
            Map.entry("qmp_capabilities", List.of("?enable:[QMPCapability]")),
            Map.entry(
                    "block-export-add",
                    List.of(
                            "type:BlockExportType",
                            "id:str",
                            "node-name:str",
                            "mountpoint:str",
                            "?writable:bool",
                            "?growable:bool",
                            "?writethrough:bool",
                            "?allow-other:FuseExportAllowOther",
                            "?iothread:any",
                            "?fixed-iothread:bool")),
            Map.entry("block-export-del", List.of("id:str", "?mode:BlockExportRemoveMode")),
            Map.entry(
                    "blockdev-add",
                    List.of(
                            "driver:BlockdevDriver",
                            "?node-name:str",
                            "?read-only:bool",
                            "?auto-read-only:bool",
                            "?force-share:bool",
                            "?discard:BlockdevDiscardOptions",
                            "?detect-zeroes:BlockdevDetectZeroesOptions",
                            "?cache:any",
                            "?file:any")),
            Map.entry("blockdev-del", List.of("node-name:str")),
            Map.entry("blockdev-reopen", List.of("options:[any]")),
            Map.entry("block_resize", List.of("?device:str", "?node-name:str", "size:int")),
            Map.entry("query-named-block-nodes", List.of("?flat:bool")),
            Map.entry("query-blockstats", List.of("?query-nodes:bool")),
            Map.entry("object-add", List.of("qom-type:ObjectType", "id:str")),
            Map.entry("object-del", List.of("id:str")),
            Map.entry("qom-get", List.of("path:str", "property:str")),
            Map.entry("qom-set", List.of("path:str", "property:str", "value:any")));

    private final ArrayNode schema = QmpCommands.JSON.arrayNode();

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
        schema.enumeration("BlockdevDriver", control.engine().graph().driverNames());
        schema.enumeration("BlockExportType", List.of("fuse"));
        schema.enumeration("BlockExportRemoveMode", List.of("safe", "hard"));
        schema.enumeration("FuseExportAllowOther", List.of("auto", "on", "off"));
        schema.enumeration("BlockdevDiscardOptions", List.of("ignore", "unmap"));
        schema.enumeration("BlockdevDetectZeroesOptions", List.of("off", "on", "unmap"));
        schema.enumeration("ObjectType", Control.objectTypes());
        schema.enumeration("QMPCapability", List.of("oob"));
        schema.entity("array", "[QMPCapability]").put("element-type", "QMPCapability");
        schema.entity("array", "[any]").put("element-type", "any");
        schema.builtin("str", "string");
        schema.builtin("int", "int");
        schema.builtin("bool", "boolean");
        schema.builtin("any", "value");
        return schema.schema;
    }

    private void command(String name) {
        List<String> members = ARGUMENTS.getOrDefault(name, List.of());
        String type = members.isEmpty() ? "q_empty" : "q_" + name + "-arg";
        entity("command", name).put("arg-type", type).put("ret-type", "any").put("allow-oob", false);
        if (!members.isEmpty()) {
            object(type, members);
        }
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
        values.stream().sorted().forEach(value -> {
            members.addObject().put("name", value);
            plain.add(value);
        });
    }

    private void builtin(String name, String jsonType) {
        entity("builtin", name).put("json-type", jsonType);
    }

    private ObjectNode entity(String metaType, String name) {
        return schema.addObject().put("meta-type", metaType).put("name", name);
    }
}
