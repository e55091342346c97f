package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ClientsTest {
    private static final int LONG = 60;

    private final Clients clients = new Clients();

    private static List<String> shell(String script) {
        return List.of("/bin/sh", "-c", script);
    }

    @Test
    void tellWhatAProgramPrintedAndHowLongItTook() throws Exception {
        Clients.Output output = clients.run(shell("echo out; echo err >&2; sleep 0.2"), LONG);

        assertThat(output.text()).isEqualTo("out\nerr\n");
        assertThat(output.seconds()).isBetween(0.2, 20.0);
    }

    @Test
    void failWithTheLastWordsOfAProgramThatFails() {
        assertThatExceptionOfType(ComparisonException.class)
                .isThrownBy(() -> clients.run(shell("echo no such engine; exit 3"), LONG))
                .withMessageContaining("fails: no such engine");
    }

    @Test
    void killAProgramThatDoesNotEnd() {
        assertThatExceptionOfType(ComparisonException.class)
                .isThrownBy(() -> clients.run(shell("exec sleep 55"), 1))
                .withMessageStartingWith("stuck for 1 s: /bin/sh");
    }

    @Test
    void killWhatRunsAndWhatComesWhenTheyAreClosed() {
        var running = CompletableFuture.supplyAsync(() -> {
            try {
                return clients.run(shell("exec sleep 55"), LONG).text();
            } catch (Exception e) {
                return String.valueOf(e.getMessage());
            }
        });
        clients.close();

        assertThat(running).succeedsWithin(Duration.ofSeconds(20)).asString().contains("fails");
        assertThatExceptionOfType(ComparisonException.class)
                .isThrownBy(() -> clients.run(shell("exec sleep 55"), LONG))
                .withMessageContaining("fails");
    }
}
