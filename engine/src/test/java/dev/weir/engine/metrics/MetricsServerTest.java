package dev.weir.engine.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsServerTest {
    @TempDir
    Path directory;

    private MetricsServer server;

    @AfterEach
    void close() {
        if (server != null) {
            server.close().block(Duration.ofSeconds(10));
        }
    }

    private Path start() {
        Path socket = directory.resolve("metrics.sock");
        server = new MetricsServer("unix:" + socket);
        server.registry().counter("weir.test").increment(3);
        server.start();
        return socket;
    }

    private static String ask(Path socket, String request) throws IOException {
        try (var channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(ByteBuffer.wrap(
                    (request + "\r\nHost: x\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII)));
            ByteBuffer answer = ByteBuffer.allocate(1 << 16);
            while (channel.read(answer) >= 0) {
                // Until the server closes.
            }
            return new String(answer.array(), 0, answer.position(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void answersWithTheMetersOfItsRegistry() throws IOException {
        assertThat(ask(start(), "GET /metrics HTTP/1.1"))
                .startsWith("HTTP/1.1 200 OK")
                .contains("content-type: text/plain; version=0.0.4")
                .contains("weir_test_total 3.0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1", "GET /metrics/x HTTP/1.1"})
    void hasNothingElse(String request) throws IOException {
        assertThat(ask(start(), request)).startsWith("HTTP/1.1 404 ");
    }

    @Test
    void changesNothing() throws IOException {
        assertThat(ask(start(), "POST /metrics HTTP/1.1")).startsWith("HTTP/1.1 405 ");
    }

    @Test
    void refusesWhatIsNoRequest() throws IOException {
        assertThat(ask(start(), "\u0001\u0002 \r\n")).startsWith("HTTP/1.1 400 ");
    }

    @Test
    void onlyTheOwnerMayAskAndNothingStaysBehind() throws IOException {
        Path socket = start();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------");
        server.close().block(Duration.ofSeconds(10));
        assertThat(socket).doesNotExist();
    }

    @Test
    void takesThePlaceOfASocketThatWasLeftBehind() throws IOException {
        Path socket = directory.resolve("metrics.sock");
        try (var left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            left.bind(UnixDomainSocketAddress.of(socket));
        }
        assertThat(socket).exists();
        start();
        assertThat(ask(socket, "GET /metrics HTTP/1.1")).startsWith("HTTP/1.1 200 OK");
    }

    @Test
    void takesThePlaceOfNothingElse() throws IOException {
        Path file = Files.writeString(directory.resolve("precious"), "data");
        server = new MetricsServer("unix:" + file);
        assertThatThrownBy(server::start).isInstanceOf(BlockException.class);
        server.close().block(Duration.ofSeconds(10));
        assertThat(file).hasContent("data");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0:9100", "192.0.2.1:80", "unix:", "nonsense", "127.0.0.1:0", "127.0.0.1:70000"})
    void listensToThisHostOnly(String address) {
        assertThatThrownBy(() -> new MetricsServer(address)).isInstanceOf(BlockException.class);
    }
}
