package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.Permissions;
import dev.weir.storage.ScriptedDevice;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** Backends whose requests do not end. */
class AbandonTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final BlockGraph graph = BlockGraph.builder().build();
    private final ScriptedDevice stuck = new ScriptedDevice(4096, BlockLimits.BYTES).hold();
    private final ScriptedDevice healthy = new ScriptedDevice(4096, BlockLimits.BYTES);
    private final BlockNode stuckNode = graph.add("stuck", stuck).block();
    private final BlockBackend backend =
            graph.attach(stuckNode, Permissions.WRITE).block();

    @Test
    void theGraphClosesAllButWhatTheyUse() {
        graph.add("healthy", healthy).block();
        read().subscribe();
        backend.abandon();

        graph.close().block(LIMIT);

        assertThat(healthy.calls()).contains("close");
        assertThat(stuck.calls()).doesNotContain("close");
    }

    @Test
    void theRestIsClosedWhenTheRequestsEnd() {
        read().subscribe();
        backend.abandon();
        graph.close().block(LIMIT);

        stuck.release();

        assertThat(stuck.calls()).containsSubsequence("read 0+512", "permissions []", "close");
    }

    @Test
    void aGraphThatIsBeingClosedStopsWaitingForThem() throws Exception {
        graph.add("healthy", healthy).block();
        read().subscribe();
        CompletableFuture<Void> closing = graph.close().toFuture();
        assertThat(closing).isNotDone();

        backend.abandon();

        closing.get(10, TimeUnit.SECONDS);
        assertThat(healthy.calls()).contains("close");
        assertThat(stuck.calls()).doesNotContain("close");
        stuck.release();
        assertThat(stuck.calls()).containsSubsequence("read 0+512", "permissions []", "close");
    }

    @Test
    void permissionsGoBackWhenTheRequestsEnd() {
        read().subscribe();
        backend.abandon();
        assertThat(graph.remove("stuck").onErrorComplete().then(Mono.just(1)).block(LIMIT))
                .isEqualTo(1);
        assertThat(graph.nodes()).contains(stuckNode);

        stuck.release();

        graph.remove("stuck").block(LIMIT);
        assertThat(graph.nodes()).isEmpty();
    }

    private Mono<Void> read() {
        return backend.read(0, ByteBuffer.allocateDirect(512));
    }
}
