package dev.weir.engine.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.engine.BlockEngine;
import dev.weir.storage.NodeOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserObjectsTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    private final BlockEngine engine = BlockEngine.create();
    private final Control control = new Control(engine);

    @AfterEach
    void stop() {
        engine.close();
    }

    private void add(String text) {
        control.addObject(NodeOptions.parse(text, "qom-type")).block(LIMIT);
    }

    @Test
    void anIdThatFailedIsFree() {
        assertThatThrownBy(() -> add("iothread,id=x,poll-max-ns=-1")).hasMessageContaining("must be in range");
        assertThatThrownBy(() -> add("iothread,id=x,bogus=1")).hasMessage("Parameter 'bogus' is unexpected");
        assertThat(engine.ioThreads()).hasSize(1);
        add("secret,id=x,data=abc");
        control.removeObject("x").block(LIMIT);
        add("iothread,id=x");
        assertThat(engine.ioThreads()).hasSize(2);
        control.removeObject("x").block(LIMIT);
        assertThat(engine.ioThreads()).hasSize(1);
    }

    @Test
    void ofManyWithOneIdOneIsMade() {
        var adding = new ArrayList<CompletableFuture<Void>>();
        for (int i = 0; i < 20; i++) {
            adding.add(control.addObject(NodeOptions.parse("iothread,id=x", "qom-type"))
                    .toFuture());
        }
        long made = adding.stream()
                .filter(future -> future.handle((nothing, failure) -> failure == null)
                        .orTimeout(10, java.util.concurrent.TimeUnit.SECONDS)
                        .join())
                .count();
        assertThat(made).isEqualTo(1);
        assertThat(engine.ioThreads()).hasSize(2);
    }

    @Test
    void aSecretIsReadFromItsFileAndNeverShown() throws Exception {
        Path file = Files.writeString(directory.resolve("secret"), "YWJj\n");
        add("secret,id=s,format=base64,file=" + file);
        assertThat(control.property("s", "type")).isEqualTo("secret");
        assertThatThrownBy(() -> control.property("s", "data")).hasMessage("Property 'secret.data' not found");
        assertThatThrownBy(() -> add("secret,id=s2,file=" + directory.resolve("nope")))
                .hasMessage("Unable to read " + directory.resolve("nope") + ": No such file or directory");
        assertThatThrownBy(() -> add("secret,id=s2,data=a*b,format=base64"))
                .hasMessage("Base64 data contains invalid characters");
        assertThatThrownBy(() -> add("secret,id=s2,data=abc,keyid=k")).hasMessageContaining("not supported");
    }

    @Test
    void limitsChangeOneByOne() {
        add("throttle-group,id=g,limits.iops-total=10");
        control.property(
                "/objects/g",
                "limits",
                NodeOptions.builder()
                        .set(
                                "limits",
                                NodeOptions.builder()
                                        .typed()
                                        .set("bps-read", 5L)
                                        .build())
                        .build());
        @SuppressWarnings("unchecked")
        var limits = (Map<String, Object>) control.property("g", "limits");
        assertThat(limits).containsEntry("iops-total", 10L).containsEntry("bps-read", 5L);
    }
}
