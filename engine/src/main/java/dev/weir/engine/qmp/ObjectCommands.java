package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.IoThread;
import dev.weir.engine.control.Control;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.Map;
import reactor.core.publisher.Mono;

/** {@code object-add}, {@code object-del}, {@code qom-get}, {@code qom-set} and {@code query-iothreads}. */
final class ObjectCommands {
    private final Control control;

    ObjectCommands(Control control) {
        this.control = control;
    }

    void addTo(QmpCommands commands) {
        commands.add(
                "object-add",
                arguments -> Mono.defer(() -> control.addObject(JsonOptions.of(arguments)))
                        .then(Mono.empty()));
        commands.add("object-del", QmpCommands.taking(reader -> {
            String id = reader.string("id");
            reader.end();
            return control.removeObject(id).then(Mono.empty());
        }));
        commands.add("qom-get", QmpCommands.taking(reader -> {
            String path = reader.string("path");
            String property = reader.string("property");
            reader.end();
            return Mono.fromSupplier(() -> json(found(() -> control.property(path, property))));
        }));
        commands.add("qom-set", this::set);
        commands.add("query-iothreads", QmpCommands.none(this::threads));
    }

    private Mono<JsonNode> set(ObjectNode arguments) {
        return Mono.fromRunnable(() -> {
            // The value may have any type.
            ObjectNode others = arguments.deepCopy();
            JsonNode value = others.remove("value");
            var reader = new dev.weir.storage.spi.OptionReader(JsonOptions.of(others));
            String path = reader.string("path");
            String property = reader.string("property");
            reader.end();
            if (value == null) {
                throw new QmpException("Parameter 'value' is missing");
            }
            found(() -> {
                control.property(path, property, JsonOptions.of(property, value));
                return true;
            });
        });
    }

    private static <T> T found(java.util.function.Supplier<T> access) {
        try {
            return access.get();
        } catch (BlockException e) {
            throw e.kind() == BlockErrorKind.NOT_FOUND
                    ? new QmpException(QmpException.ErrorClass.DEVICE_NOT_FOUND, String.valueOf(e.getMessage()))
                    : e;
        }
    }

    private static JsonNode json(Object value) {
        if (value instanceof Map<?, ?> map) {
            ObjectNode json = QmpCommands.JSON.objectNode();
            map.forEach((key, inner) -> json.set(String.valueOf(key), json(inner)));
            return json;
        }
        if (value instanceof Long number) {
            return QmpCommands.JSON.numberNode(number);
        }
        return value instanceof Boolean flag
                ? QmpCommands.JSON.booleanNode(flag)
                : QmpCommands.JSON.textNode(value.toString());
    }

    private ArrayNode threads() {
        ArrayNode list = QmpCommands.JSON.arrayNode();
        for (IoThread thread : control.engine().ioThreads()) {
            list.addObject().put("id", thread.id()).put("poll-max-ns", thread.pollMaxNanos());
        }
        return list;
    }
}
