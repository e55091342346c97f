package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.ScriptedDevice;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class NodeStatisticsTest {
    private final BlockGraph graph = BlockGraph.builder().build();
    private final ScriptedDevice device = new ScriptedDevice(4096, BlockLimits.BYTES);

    @AfterEach
    void close() {
        graph.close().onErrorComplete().block();
    }

    @Test
    void tellsHowFarWasWrittenAndHowMuchWasDiscarded() {
        BlockNode node = graph.add(NodeOptions.parse("memory,node-name=n,size=64k,discard=unmap"))
                .block();
        var backend = graph.attach(node, Permissions.WRITE).block();
        backend.write(1000, ByteBuffer.allocateDirect(24), WriteFlag.NONE).block();
        assertThat(graph.statistics("n").highestWrite()).isEqualTo(1024);
        backend.writeZeroes(2048, 1024, WriteFlag.NONE).block();
        backend.write(0, ByteBuffer.allocateDirect(10), WriteFlag.NONE).block();
        backend.discard(0, 4096).block();
        assertThat(graph.statistics("n").highestWrite()).isEqualTo(3072);
        assertThat(graph.statistics("n").bytesDiscarded()).isEqualTo(4096);
    }

    @Test
    void countsWhatFailedBelowAndNotWhatWasWrong() {
        BlockNode node = graph.add("n", device).block();
        var backend = graph.attach(node, Permissions.WRITE).block();
        device.failFlush(BlockException.of(BlockErrorKind.IO, "broken"));
        assertThatThrownBy(() -> backend.flush().block()).hasMessageContaining("broken");
        assertThatThrownBy(() -> backend.write(4096, ByteBuffer.allocateDirect(1), WriteFlag.NONE)
                        .block())
                .isInstanceOf(BlockException.class);
        assertThat(graph.statistics("n").failedFlushes()).isEqualTo(1);
        assertThat(graph.statistics("n").failedWrites()).isZero();
        assertThat(graph.statistics("n").highestWrite()).isZero();
    }
}
