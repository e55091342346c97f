package dev.weir.engine.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client of a control socket. */
final class QmpClient implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final JsonNode END = JSON.nullNode();

    private final SocketChannel channel;
    private final BlockingQueue<JsonNode> answers = new LinkedBlockingQueue<>();
    private final BlockingQueue<JsonNode> events = new LinkedBlockingQueue<>();

    private QmpClient(SocketChannel channel) {
        this.channel = channel;
        var reader = new Thread(this::read, "qmp-client");
        reader.setDaemon(true);
        reader.start();
    }

    static QmpClient connect(Path socket) {
        var client = new QmpClient(open(socket));
        assertThat(next(client.answers).has("QMP")).isTrue();
        client.ask("qmp_capabilities");
        return client;
    }

    /** A connection on which nothing was said. */
    static SocketChannel open(Path socket) {
        try {
            return SocketChannel.open(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read() {
        try (var lines = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode message = JSON.readTree(line);
                (message.has("event") ? events : answers).add(message);
            }
        } catch (IOException e) {
            // Closed, by either side.
        }
        answers.add(END);
        events.add(END);
    }

    /** Arguments as JSON in single quotes, {@code 'id':'%s'} for instance, and what is to be formatted into it. */
    JsonNode answer(String command, Object... arguments) {
        ObjectNode request = JSON.createObjectNode().put("execute", command);
        if (arguments.length > 0) {
            try {
                String text = String.format(
                        (String) arguments[0], java.util.Arrays.copyOfRange(arguments, 1, arguments.length));
                request.set("arguments", JSON.readTree("{" + text.replace('\'', '"') + "}"));
            } catch (JsonProcessingException e) {
                throw new IllegalArgumentException(e);
            }
        }
        send(request.toString());
        return next(answers);
    }

    /** As {@link #answer}, of a command that succeeds: its result. */
    JsonNode ask(String command, Object... arguments) {
        JsonNode answer = answer(command, arguments);
        assertThat(answer.has("return")).as("%s: %s", command, answer).isTrue();
        return answer.get("return");
    }

    /** As {@link #answer}, of a command that fails: the description. */
    String refused(String command, Object... arguments) {
        JsonNode answer = answer(command, arguments);
        assertThat(answer.has("error")).as("%s: %s", command, answer).isTrue();
        return answer.get("error").get("desc").textValue();
    }

    /** Waits for the next event, which has to tell that an export is gone: its id. */
    String deleted() {
        JsonNode event = next(events);
        assertThat(event.path("event").asText()).as(event.toString()).isEqualTo("BLOCK_EXPORT_DELETED");
        assertThat(event.get("timestamp").get("seconds").isIntegralNumber()).isTrue();
        return event.get("data").get("id").textValue();
    }

    /** The data of the next event, which has that name. */
    JsonNode event(String name) {
        JsonNode event = next(events);
        assertThat(event.get("event").textValue()).isEqualTo(name);
        return event.get("data");
    }

    boolean hasEvents() {
        return !events.isEmpty();
    }

    /** Waits until the other side has closed the connection. */
    void awaitEnd() {
        JsonNode message = next(answers);
        while (!message.equals(END)) {
            message = next(answers);
        }
    }

    private static JsonNode next(BlockingQueue<JsonNode> queue) {
        try {
            JsonNode message = queue.poll(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            assertThat(message).as("a message within %s", LIMIT).isNotNull();
            return message;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    void send(String text) {
        try {
            ByteBuffer bytes = UTF_8.encode(text);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
