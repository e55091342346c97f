package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import java.util.Map;

/** Options as JSON: the other way to write what {@link NodeOptions#parse} reads. */
public final class JsonOptions {
    private static final ObjectReader WHOLE =
            JsonStream.MAPPER.reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private JsonOptions() {}

    /**
     * Reads options from the text of a JSON object or, where it is none, from QEMU's key=value syntax.
     *
     * @param impliedKey the key of a first word without {@code =}
     * @throws BlockException of kind {@link BlockErrorKind#INVALID}
     */
    public static NodeOptions parse(String text, String impliedKey) {
        if (!text.startsWith("{")) {
            return NodeOptions.parse(text, impliedKey);
        }
        try {
            JsonNode node = WHOLE.readTree(text);
            if (node instanceof ObjectNode object) {
                return of(object);
            }
            throw BlockException.of(BlockErrorKind.INVALID, "JSON parse error, expecting an object");
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw BlockException.of(BlockErrorKind.INVALID, JsonErrors.describe(e, 0, 0), e);
        }
    }

    static NodeOptions of(ObjectNode object) {
        NodeOptions.Builder options = NodeOptions.builder().typed();
        for (Map.Entry<String, JsonNode> property : object.properties()) {
            set(options, property.getKey(), property.getValue());
        }
        return options.build();
    }

    /** One value under a key, whatever its type. */
    static NodeOptions of(String key, JsonNode value) {
        NodeOptions.Builder options = NodeOptions.builder().typed();
        set(options, key, value);
        return options.build();
    }

    private static void set(NodeOptions.Builder options, String key, JsonNode value) {
        if (value instanceof ObjectNode object) {
            options.set(key, of(object));
        } else if (value.isArray()) {
            NodeOptions.Builder list = NodeOptions.builder().typed().list();
            for (int i = 0; i < value.size(); i++) {
                set(list, Integer.toString(i), value.get(i));
            }
            options.set(key, list.build());
        } else if (value.isBoolean()) {
            options.set(key, value.booleanValue());
        } else if (value.isIntegralNumber() && value.canConvertToLong()) {
            options.set(key, value.longValue());
        } else if (value.isNumber()) {
            options.set(key, value.doubleValue());
        } else if (value.isNull()) {
            options.set(key, NodeOptions.NULL);
        } else {
            options.set(key, value.textValue());
        }
    }
}
