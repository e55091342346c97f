package dev.weir.engine.qmp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A client in the place of a socket, on a loop of its own. */
final class Conversation implements QmpMonitor.Link, AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final ExecutorService loop = Executors.newSingleThreadExecutor();
    private final BlockingQueue<String> sent = new LinkedBlockingQueue<>();
    private final QmpMonitor monitor;
    private volatile boolean reading = true;

    Conversation(QmpCommands commands) {
        monitor = new QmpMonitor(this, commands, loop, false);
        loop.execute(monitor::open);
    }

    /** After the greeting and the negotiation. */
    static Conversation negotiated(QmpCommands commands) {
        var conversation = new Conversation(commands);
        conversation.next();
        conversation.say("{'execute':'qmp_capabilities'}");
        conversation.next();
        return conversation;
    }

    /** As they come over the wire; does not wait. */
    Conversation say(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        loop.execute(() -> monitor.received(bytes, 0, bytes.length));
        return this;
    }

    Conversation event(ObjectNode event) {
        loop.execute(() -> monitor.event(event));
        return this;
    }

    /** The text of the next message. */
    String nextText() {
        try {
            String text = sent.poll(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            assertThat(text).as("an answer within %s", LIMIT).isNotNull();
            return text;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    JsonNode next() {
        try {
            return JsonStream.MAPPER.readTree(nextText());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Waits for all that was begun, and takes nothing more than it led to. */
    int unread() {
        try {
            loop.submit(() -> {}).get();
            return sent.size();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether the monitor wants to read. */
    boolean isRead() {
        unread();
        return reading;
    }

    /** The client goes. */
    Conversation hangUp() {
        loop.execute(monitor::close);
        return this;
    }

    @Override
    public void send(String text) {
        sent.add(text);
    }

    @Override
    public void read(boolean wanted) {
        reading = wanted;
    }

    @Override
    public void close() {
        loop.shutdownNow();
    }
}
