package dev.weir.engine.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

/** A daemon that says what a test wants, to one client after the other; {@link #close} is its end. */
public final class ScriptedDaemon implements AutoCloseable {
    private static final String GREETING = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Ends the daemon, at the end of an answer or in place of one. */
    public static final String END = "(end)";

    private final Path path;
    private final ServerSocketChannel listening;
    private final String greeting;
    private final Map<String, Function<JsonNode, String>> answers = new ConcurrentHashMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();

    private ScriptedDaemon(Path path, String greeting) throws IOException {
        this.path = path;
        this.greeting = greeting;
        listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        listening.bind(UnixDomainSocketAddress.of(path));
        var thread = new Thread(this::serve, "scripted-daemon");
        thread.setDaemon(true);
        thread.start();
    }

    public static ScriptedDaemon start(Path path) throws IOException {
        return new ScriptedDaemon(path, GREETING);
    }

    /** One that greets otherwise. */
    public static ScriptedDaemon greeting(Path path, String greeting) throws IOException {
        return new ScriptedDaemon(path, greeting);
    }

    /** What to send on a command; without that the answer is that it was carried out. */
    public ScriptedDaemon on(String command, String answer) {
        return on(command, arguments -> answer);
    }

    public ScriptedDaemon on(String command, Function<JsonNode, String> answer) {
        answers.put(command, answer);
        return this;
    }

    public ScriptedDaemon refuse(String command, String reason) {
        return on(command, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"" + reason + "\"}}");
    }

    /** Commands and their arguments, without the negotiation. */
    public List<String> requests() {
        return requests;
    }

    private void serve() {
        try {
            while (listening.isOpen()) {
                try (SocketChannel client = listening.accept()) {
                    talk(client);
                } catch (IOException e) {
                    // The client went away, or this was closed.
                }
            }
        } finally {
            close();
        }
    }

    private void talk(SocketChannel client) throws IOException {
        OutputStream out = Channels.newOutputStream(client);
        var in = new BufferedReader(new InputStreamReader(Channels.newInputStream(client), UTF_8));
        send(out, greeting);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode request = JSON.readTree(line);
            String command = request.path("execute").asText();
            if (!command.equals("qmp_capabilities")) {
                requests.add((command + " " + request.path("arguments")).strip());
            }
            String answer = answers.getOrDefault(command, arguments -> "{\"return\": {}}")
                    .apply(request.path("arguments"));
            if (answer.endsWith(END)) {
                close();
                send(out, answer.substring(0, answer.length() - END.length()));
                return;
            }
            send(out, answer);
        }
    }

    private static void send(OutputStream out, String text) throws IOException {
        out.write((text + "\r\n").getBytes(UTF_8));
    }

    @Override
    public void close() {
        try {
            listening.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
