package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.control.Control;
import dev.weir.storage.spi.OptionReader;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The commands by name, and what they do to an engine. */
final class QmpCommands {
    static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** QMP's version of QEMU: clients look at it to learn what to expect. */
    static final int[] PARITY = {11, 1, 0};

    private final Map<String, QmpCommand> commands = new TreeMap<>();
    private final String release;

    /**
     * @param release this program's own version
     * @param quit ends the process; the engine is shut down then, and the answer on its way
     */
    QmpCommands(Control control, String release, Runnable quit) {
        this.release = release;
        add("query-version", none(this::version));
        add("query-commands", none(this::list));
        add("query-qmp-schema", none(() -> QmpSchema.of(commands.keySet(), control)));
        add("quit", taking(reader -> {
            reader.end();
            // Clients hear of the end of the exports, then get their answer, and then there is no more.
            return control.engine()
                    .shutdown()
                    .onErrorComplete()
                    .then(Mono.<JsonNode>empty())
                    .doAfterTerminate(quit);
        }));
        add("qmp_capabilities", arguments -> Mono.empty());
        new NodeCommands(control).addTo(this);
        new ExportCommands(control).addTo(this);
        new ObjectCommands(control).addTo(this);
    }

    /** A command that takes nothing and answers at once. */
    static QmpCommand none(Supplier<JsonNode> answer) {
        return arguments -> Mono.fromSupplier(() -> {
            new OptionReader(JsonOptions.of(arguments)).end();
            return answer.get();
        });
    }

    /** A command that takes its arguments, all of them, out of a reader, and then does something. */
    static QmpCommand taking(Function<OptionReader, Mono<? extends JsonNode>> action) {
        return arguments -> Mono.defer(() -> action.apply(new OptionReader(JsonOptions.of(arguments))));
    }

    void add(String name, QmpCommand command) {
        commands.put(name, command);
    }

    QmpCommand find(String name) {
        @Nullable QmpCommand command = commands.get(name);
        if (command == null) {
            throw new QmpException(
                    QmpException.ErrorClass.COMMAND_NOT_FOUND, "The command " + name + " has not been found");
        }
        return command;
    }

    /** What the greeting and {@code query-version} say. */
    ObjectNode version() {
        ObjectNode version = JSON.objectNode();
        version.putObject("qemu")
                .put("micro", PARITY[2])
                .put("minor", PARITY[1])
                .put("major", PARITY[0]);
        version.put("package", "weir " + release);
        return version;
    }

    private ArrayNode list() {
        ArrayNode list = JSON.arrayNode();
        commands.keySet().forEach(name -> list.addObject().put("name", name));
        return list;
    }
}
