package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One conversation: a greeting, the negotiation of capabilities, then commands, one after the other, and events. A client
 * that asks faster than it is answered is not read from; one that does not read what it is sent is dropped.
 */
final class QmpMonitor implements JsonStream.Sink {
    /** The way to the client. Confined to the loop. */
    interface Link {
        /** Sends bytes, or drops the client where too many wait to be read. */
        void send(String text);

        /** Whether anything is read from the client. */
        void read(boolean wanted);
    }

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Commands that wait while one runs. */
    private static final int MOST_WAITING = 8;

    private final Link link;
    private final QmpCommands commands;
    private final Executor loop;
    private final boolean pretty;
    private final JsonStream stream = new JsonStream(this);
    /** Requests, and descriptions of what was malformed. */
    private final Queue<Object> waiting = new ArrayDeque<>();

    private boolean negotiated;
    private boolean oob;
    private boolean running;
    private boolean draining;
    private boolean closed;

    /** @param loop runs tasks in order on the one thread on which everything here is called */
    QmpMonitor(Link link, QmpCommands commands, Executor loop, boolean pretty) {
        this.link = link;
        this.commands = commands;
        this.loop = loop;
        this.pretty = pretty;
    }

    /** The client is there. */
    void open() {
        ObjectNode greeting = JSON.objectNode();
        ObjectNode qmp = greeting.putObject("QMP");
        qmp.set("version", commands.version());
        qmp.putArray("capabilities").add("oob");
        send(greeting);
    }

    void received(byte[] bytes, int from, int to) {
        stream.feed(bytes, from, to);
    }

    /** The client is gone; what runs goes on to its end. */
    void close() {
        closed = true;
        waiting.clear();
    }

    void event(ObjectNode event) {
        if (negotiated && !closed) {
            send(event);
        }
    }

    @Override
    public void value(JsonNode value) {
        accept(value);
    }

    @Override
    public void malformed(String description) {
        accept(description);
    }

    private void accept(Object request) {
        if (closed) {
            return;
        }
        waiting.add(request);
        if (waiting.size() == MOST_WAITING) {
            link.read(false);
        }
        drain();
    }

    /** Not by recursion: commands may end at once, and there may be many. */
    private void drain() {
        if (draining) {
            return;
        }
        draining = true;
        while (!running && !closed) {
            Object request = waiting.poll();
            if (request == null) {
                break;
            }
            if (waiting.size() == MOST_WAITING - 1) {
                link.read(true);
            }
            start(request);
        }
        draining = false;
    }

    private void start(Object request) {
        JsonNode id = request instanceof ObjectNode object ? object.get("id") : null;
        QmpRequest parsed;
        QmpCommand command;
        try {
            if (request instanceof String description) {
                throw new QmpException(description);
            }
            parsed = QmpRequest.parse((JsonNode) request, oob);
            command = find(parsed);
        } catch (QmpException e) {
            fail(id, e);
            return;
        }
        running = true;
        var result = new Object() {
            @Nullable
            JsonNode value;
        };
        reactor.core.publisher.Mono.defer(() -> command.run(parsed.arguments()))
                .subscribe(
                        value -> result.value = value,
                        failure -> loop.execute(() -> ended(() -> fail(id, QmpException.of(failure)))),
                        () -> loop.execute(() -> ended(() -> succeed(id, result.value))));
    }

    private QmpCommand find(QmpRequest request) {
        if (!negotiated) {
            if (!request.command().equals("qmp_capabilities")) {
                throw new QmpException(
                        QmpException.ErrorClass.COMMAND_NOT_FOUND,
                        "Expecting capabilities negotiation with 'qmp_capabilities'");
            }
            return this::negotiate;
        }
        QmpCommand command = commands.find(request.command());
        if (request.outOfBand()) {
            throw new QmpException("The command " + request.command() + " does not support OOB");
        }
        if (request.command().equals("qmp_capabilities")) {
            throw new QmpException(
                    QmpException.ErrorClass.COMMAND_NOT_FOUND,
                    "Capabilities negotiation is already complete, command ignored");
        }
        return command;
    }

    private reactor.core.publisher.Mono<JsonNode> negotiate(ObjectNode arguments) {
        boolean enable = false;
        for (Map.Entry<String, JsonNode> argument : arguments.properties()) {
            if (!argument.getKey().equals("enable")) {
                throw new QmpException("Parameter '" + argument.getKey() + "' is unexpected");
            }
            if (!argument.getValue().isArray()) {
                throw new QmpException("Invalid parameter type for 'enable', expected: array");
            }
            for (JsonNode capability : argument.getValue()) {
                if (!capability.isTextual()) {
                    throw new QmpException("Invalid parameter type for 'enable[0]', expected: string");
                }
                if (!capability.asText().equals("oob")) {
                    throw new QmpException("Parameter 'enable[0]' does not accept value '" + capability.asText() + "'");
                }
                enable = true;
            }
        }
        oob = enable;
        negotiated = true;
        return reactor.core.publisher.Mono.empty();
    }

    private void ended(Runnable answer) {
        running = false;
        if (!closed) {
            answer.run();
            drain();
        }
    }

    private void succeed(@Nullable JsonNode id, @Nullable JsonNode value) {
        ObjectNode answer = JSON.objectNode();
        answer.set("return", value == null ? JSON.objectNode() : value);
        if (id != null) {
            answer.set("id", id);
        }
        send(answer);
    }

    private void fail(@Nullable JsonNode id, QmpException failure) {
        ObjectNode answer = JSON.objectNode();
        if (id != null) {
            answer.set("id", id);
        }
        answer.putObject("error").put("class", failure.errorClass()).put("desc", failure.description());
        send(answer);
    }

    private void send(ObjectNode message) {
        link.send(JsonText.of(message, pretty) + "\r\n");
    }
}
