package dev.weir.engine.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.engine.cli.ScriptedDaemon;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(30)
class QmpClientTest {
    private static final Duration LONG = Duration.ofSeconds(20);
    private static final Duration SHORT = Duration.ofSeconds(1);

    @TempDir
    Path directory;

    private Path socket;

    @BeforeEach
    void name() {
        socket = directory.resolve("qmp.sock");
    }

    @Test
    void withoutADaemonThereIsOneSentence() throws Exception {
        assertThatThrownBy(() -> QmpClient.connect(socket, LONG)).hasMessage("no daemon listens on '" + socket + "'");

        ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        dead.bind(UnixDomainSocketAddress.of(socket)).close();
        assertThat(socket).exists();
        assertThatThrownBy(() -> QmpClient.connect(socket, LONG)).hasMessage("no daemon listens on '" + socket + "'");

        Path file = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> QmpClient.connect(file, LONG)).hasMessage("no daemon listens on '" + file + "'");

        Path tooLong = directory.resolve("x".repeat(120));
        Files.createFile(tooLong);
        assertThatThrownBy(() -> QmpClient.connect(tooLong, LONG))
                .isInstanceOf(QmpClientException.class)
                .hasMessageStartingWith("cannot connect to '" + tooLong + "': ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "SSH-2.0-OpenSSH_9.2 | what listens on 'SOCKET' does not speak QMP",
                "{\"hello\": 1} | what listens on 'SOCKET' is no weir daemon"
            })
    void whatIsNoDaemonIsToldApart(String greeting, String message) throws Exception {
        try (var daemon = ScriptedDaemon.greeting(socket, greeting)) {
            assertThatThrownBy(() -> QmpClient.connect(socket, LONG))
                    .isInstanceOf(QmpClientException.class)
                    .hasMessage(message.replace("SOCKET", socket.toString()));
            assertThat(daemon.requests()).isEmpty();
        }
    }

    @Test
    void aDaemonThatHangsIsGivenUp() throws Exception {
        String late = "the daemon on '" + socket + "' did not answer in 1 s";
        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            // The kernel connects; nobody accepts.
            silent.bind(UnixDomainSocketAddress.of(socket), 1);
            assertThatThrownBy(() -> QmpClient.connect(socket, SHORT)).hasMessage(late);
        }
        Files.delete(socket);
        try (var daemon = ScriptedDaemon.start(socket).on("query-block", "");
                QmpClient client = QmpClient.connect(socket, SHORT)) {
            assertThatThrownBy(() -> client.execute("query-block")).hasMessage(late);
            assertThat(daemon.requests()).hasSize(1);
        }
    }

    @Test
    void aRefusalEndsNothing() throws Exception {
        try (var daemon = ScriptedDaemon.start(socket).refuse("blockdev-del", "Node 'n' is busy");
                QmpClient client = QmpClient.connect(socket, LONG)) {
            assertThatThrownBy(() -> client.execute("blockdev-del"))
                    .hasMessage("Node 'n' is busy")
                    .satisfies(failure ->
                            assertThat(((QmpClientException) failure).refusal()).isTrue());
            assertThat(client.execute("query-block").isObject()).isTrue();
            assertThat(daemon.requests()).containsExactly("blockdev-del", "query-block");
        }
    }

    @Test
    void answersMaySpanLinesAndEventsComeBetween() throws Exception {
        String event = "{\"event\": \"E\",\r\n \"data\": {\"id\": \"%s\"}}";
        try (var daemon = ScriptedDaemon.start(socket);
                QmpClient client = QmpClient.connect(socket, LONG)) {
            daemon.on("a", event.formatted("1") + event.formatted("2") + "\r\n{\r\n \"return\":\r\n \"\u00e4\"\r\n}");
            daemon.on("b", "{\"return\": 2}" + event.formatted("3"));

            assertThat(client.execute("a").asText()).isEqualTo("\u00e4");
            assertThat(client.execute("b").asInt()).isEqualTo(2);
            for (String id : new String[] {"2", "3", "1"}) {
                assertThat(client.awaitEvent(
                                        "E", data -> data.path("id").asText().equals(id))
                                .path("data")
                                .path("id")
                                .asText())
                        .isEqualTo(id);
            }
        }
    }

    @Test
    void theEndOfTheDaemonIsToldAndCanBeAwaited() throws Exception {
        String ended = "the daemon on '" + socket + "' has ended";
        try (var daemon = ScriptedDaemon.start(socket).on("a", ScriptedDaemon.END);
                QmpClient client = QmpClient.connect(socket, LONG)) {
            assertThatThrownBy(() -> client.execute("a")).hasMessage(ended);
            client.awaitEnd();
            assertThatThrownBy(() -> client.execute("a")).hasMessage(ended);
            assertThat(daemon.requests()).containsExactly("a");
        }
    }

    @Test
    void closingWakesWhoWaits() throws Exception {
        try (var daemon = ScriptedDaemon.start(socket).on("a", "")) {
            QmpClient client = QmpClient.connect(socket, LONG);
            CompletableFuture<Throwable> failure = CompletableFuture.supplyAsync(() -> {
                try {
                    client.execute("a");
                    return new AssertionError("answered");
                } catch (QmpClientException e) {
                    return e;
                }
            });
            while (daemon.requests().isEmpty()) {
                Thread.onSpinWait();
            }
            client.close();

            assertThat(failure.get(10, TimeUnit.SECONDS)).isInstanceOf(QmpClientException.class);
        }
    }
}
