package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockLimits;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.ScriptedDevice;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** What the devices do when they are closed keeps no other from being closed. */
class GraphCloseTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final List<String> closed = new ArrayList<>();
    private final BlockGraph graph = BlockGraph.builder().build();

    private final class Device extends ProtocolDevice {
        private final String name;
        private final Throwable failure;

        Device(String name, Throwable failure) {
            this.name = name;
            this.failure = failure;
        }

        @Override
        public Mono<Void> close() {
            closed.add(name);
            if (failure instanceof RuntimeException thrown) {
                throw thrown;
            } else if (failure instanceof Error thrown) {
                throw thrown;
            }
            return Mono.empty();
        }

        @Override
        public long length() {
            return 4096;
        }

        @Override
        public Mono<Void> read(long offset, ByteBuffer dst) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> flush() {
            return Mono.empty();
        }
    }

    private void add(String name, Throwable failure) {
        graph.add(name, new Device(name, failure)).block(LIMIT);
    }

    @Test
    void devicesThatThrowAreReportedAndTheRestIsClosed() {
        add("a", null);
        add("b", new IllegalStateException("second"));
        add("c", new NoClassDefFoundError("first"));

        assertThatThrownBy(() -> graph.close().block(LIMIT)).hasMessageContaining("first");

        assertThat(closed).containsExactly("c", "b", "a");
        assertThat(graph.nodes()).isEmpty();
    }

    @Test
    void aNodeWhoseDeviceThrowsIsGoneAfterItsRemoval() {
        add("a", new IllegalStateException("made up"));

        assertThatThrownBy(() -> graph.remove("a").block(LIMIT)).hasMessageContaining("made up");

        add("a", null);
        graph.close().block(LIMIT);
        assertThat(closed).containsExactly("a", "a");
    }

    @Test
    void parentsAreClosedBeforeTheirChildren() {
        add("child", null);
        graph.add(NodeOptions.parse("raw,node-name=parent,file=child")).block(LIMIT);

        graph.close().block(LIMIT);

        assertThat(closed).containsExactly("child");
        assertThat(graph.nodes()).isEmpty();
    }

    @Test
    void manyNodesDoNotGrowTheStack() {
        for (int i = 0; i < 2000; i++) {
            graph.add("n" + i, new ScriptedDevice(512, BlockLimits.BYTES)).block(LIMIT);
        }

        graph.close().block(LIMIT);

        assertThat(graph.nodes()).isEmpty();
    }
}
