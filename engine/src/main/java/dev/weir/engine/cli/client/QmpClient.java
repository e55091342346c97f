package dev.weir.engine.cli.client;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A conversation with the daemon that listens on a socket. It blocks, each time up to a limit, and then is of no more use. */
public final class QmpClient implements AutoCloseable {
    /** Events that nobody waits for are forgotten, the oldest first. */
    private static final int MOST_EVENTS = 256;

    private final Path socket;
    private final Duration limit;
    private final SocketChannel channel;
    private @Nullable JsonParser incoming;
    private final Deque<JsonNode> events = new ArrayDeque<>();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        var thread = new Thread(task, "weir-timeout");
        thread.setDaemon(true);
        return thread;
    });
    private volatile boolean late;

    private interface Step<T> {
        T run() throws IOException;
    }

    private QmpClient(Path socket, Duration limit, SocketChannel channel) {
        this.socket = socket;
        this.limit = limit;
        this.channel = channel;
    }

    /**
     * Connects to a daemon and greets it.
     *
     * @param limit how long to wait for it, here and for each answer
     */
    public static QmpClient connect(Path socket, Duration limit) throws QmpClientException {
        QmpClient client;
        try {
            client = new QmpClient(socket, limit, SocketChannel.open(StandardProtocolFamily.UNIX));
        } catch (IOException e) {
            throw new QmpClientException("cannot open a socket: " + e.getMessage(), e);
        }
        try {
            client.open();
            return client;
        } catch (QmpClientException e) {
            client.close();
            throw e;
        }
    }

    private void open() throws QmpClientException {
        within(() -> {
            try {
                return channel.connect(UnixDomainSocketAddress.of(socket));
            } catch (IOException e) {
                throw late ? e : notConnected(e);
            }
        });
        JsonNode greeting = within(this::receive);
        if (!greeting.has("QMP")) {
            throw new QmpClientException("what listens on '" + socket + "' is no weir daemon", null);
        }
        execute("qmp_capabilities");
    }

    private QmpClientException notConnected(IOException failure) {
        return failure instanceof ConnectException || !Files.exists(socket)
                ? new QmpClientException("no daemon listens on '" + socket + "'", failure)
                : new QmpClientException("cannot connect to '" + socket + "': " + failure.getMessage(), failure);
    }

    /** Carries out a command that takes nothing. */
    public JsonNode execute(String command) throws QmpClientException {
        return execute(command, JsonNodeFactory.instance.objectNode());
    }

    /**
     * Carries out a command.
     *
     * @return what it answered
     * @throws QmpClientException where it refuses, or does not answer
     */
    public JsonNode execute(String command, ObjectNode arguments) throws QmpClientException {
        ObjectNode request = JsonNodeFactory.instance.objectNode().put("execute", command);
        if (!arguments.isEmpty()) {
            request.set("arguments", arguments);
        }
        JsonNode answer = within(() -> {
            ByteBuffer bytes = ByteBuffer.wrap((request + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            JsonNode message = receive();
            while (message.has("event")) {
                remember(message);
                message = receive();
            }
            return message;
        });
        JsonNode error = answer.path("error");
        if (error.isObject()) {
            throw QmpClientException.refused(
                    error.path("class").asText(), error.path("desc").asText());
        }
        if (!answer.has("return")) {
            throw new QmpClientException("the daemon on '" + socket + "' gave no answer: " + answer, null);
        }
        return answer.path("return");
    }

    /** Waits for an event, one that came before included. */
    public JsonNode awaitEvent(String name, Predicate<JsonNode> data) throws QmpClientException {
        Predicate<JsonNode> wanted =
                event -> event.path("event").asText().equals(name) && data.test(event.path("data"));
        for (Iterator<JsonNode> known = events.iterator(); known.hasNext(); ) {
            JsonNode event = known.next();
            if (wanted.test(event)) {
                known.remove();
                return event;
            }
        }
        return within(() -> {
            JsonNode message = receive();
            while (!wanted.test(message)) {
                remember(message);
                message = receive();
            }
            return message;
        });
    }

    /** Waits for the daemon to end the conversation. */
    public void awaitEnd() throws QmpClientException {
        within(() -> {
            while (next() != null) {
                // Events.
            }
            return socket;
        });
    }

    private void remember(JsonNode event) {
        if (events.size() == MOST_EVENTS) {
            events.remove();
        }
        events.add(event);
    }

    private JsonNode receive() throws IOException {
        JsonNode message = next();
        if (message == null) {
            throw new QmpClientException("the daemon on '" + socket + "' has ended", null);
        }
        return message;
    }

    /** The next message; null at the end. */
    private @Nullable JsonNode next() throws IOException {
        JsonParser parser = incoming;
        if (parser == null) {
            // Not before there is a connection: it reads at once.
            parser = new JsonFactory(new ObjectMapper()).createParser(Channels.newInputStream(channel));
            incoming = parser;
        }
        return parser.readValueAsTree();
    }

    /** A call that blocks in the channel ends when that is closed. */
    private <T> T within(Step<T> step) throws QmpClientException {
        ScheduledFuture<?> clock = timer.schedule(this::giveUp, limit.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return step.run();
        } catch (IOException e) {
            throw failure(e);
        } finally {
            clock.cancel(false);
        }
    }

    private void giveUp() {
        late = true;
        closeChannel();
    }

    private QmpClientException failure(IOException cause) {
        if (late) {
            return new QmpClientException(
                    "the daemon on '" + socket + "' did not answer in " + limit.toSeconds() + " s", cause);
        }
        if (cause instanceof QmpClientException told) {
            return told;
        }
        String reason = String.valueOf(cause.getMessage());
        // Its end was read before, or is noticed now.
        if (cause instanceof ClosedChannelException
                || reason.equals("Broken pipe")
                || reason.equals("Connection reset")) {
            return new QmpClientException("the daemon on '" + socket + "' has ended", cause);
        }
        return cause instanceof JsonProcessingException
                ? new QmpClientException("what listens on '" + socket + "' does not speak QMP", cause)
                : new QmpClientException("the daemon on '" + socket + "' is lost: " + reason, cause);
    }

    /** What waits in another thread fails. */
    @Override
    public void close() {
        timer.shutdownNow();
        closeChannel();
    }

    private void closeChannel() {
        try {
            channel.close();
        } catch (IOException e) {
            // Nothing is left to be done with it.
        }
    }
}
