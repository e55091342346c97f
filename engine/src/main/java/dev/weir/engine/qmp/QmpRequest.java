package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a client asks for, once it is known to be well-formed. */
record QmpRequest(String command, ObjectNode arguments, boolean outOfBand) {
    /** @param oob whether the client may send out-of-band commands */
    static QmpRequest parse(JsonNode message, boolean oob) {
        if (!(message instanceof ObjectNode object)) {
            throw new QmpException("QMP input must be a JSON object");
        }
        @Nullable String command = null;
        ObjectNode arguments = JsonNodeFactory.instance.objectNode();
        boolean outOfBand = false;
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            String name = member.getKey();
            JsonNode value = member.getValue();
            if (name.equals("execute") || (name.equals("exec-oob") && oob)) {
                if (!value.isTextual()) {
                    throw new QmpException("QMP input member '" + name + "' must be a string");
                }
                if (command != null) {
                    throw new QmpException("QMP input member '" + name + "' clashes with '"
                            + (outOfBand ? "exec-oob" : "execute") + "'");
                }
                command = value.textValue();
                outOfBand = name.equals("exec-oob");
            } else if (name.equals("arguments")) {
                if (!(value instanceof ObjectNode given)) {
                    throw new QmpException("QMP input member 'arguments' must be an object");
                }
                arguments = given;
            } else if (!name.equals("id")) {
                throw new QmpException("QMP input member '" + name + "' is unexpected");
            }
        }
        if (command == null) {
            throw new QmpException("QMP input lacks member 'execute'");
        }
        return new QmpRequest(command, arguments, outOfBand);
    }
}
