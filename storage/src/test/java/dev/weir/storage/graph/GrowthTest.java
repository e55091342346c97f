package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permission;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.ScriptedDevice;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** Nodes that several users make longer. */
class GrowthTest {
    private static final int LENGTH = 8192;
    private static final Set<WriteFlag> GROW = Set.of(WriteFlag.GROW);

    private final BlockGraph graph = BlockGraph.builder().build();
    private final List<String> ends = new ArrayList<>();

    @AfterEach
    void close() {
        graph.close().block();
    }

    private static BlockLimits blocks(int alignment) {
        return new BlockLimits(alignment, alignment, 131_072, alignment, 0);
    }

    private BlockBackend user(BlockNode node) {
        return graph.attach(node, Permissions.WRITE.sharingAll()).block();
    }

    private void start(String name, Mono<Void> operation) {
        operation.subscribe(
                nothing -> {},
                failure -> ends.add(name + " " + ((BlockException) failure).kind()),
                () -> ends.add(name));
    }

    private static ByteBuffer filled(int length, int value) {
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) value);
        return ByteBuffer.allocateDirect(length).put(0, data);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 512})
    void aGrowthThatWasAskedForLaterDoesNotShrink(int alignment) {
        var device = new ScriptedDevice(LENGTH, blocks(alignment));
        BlockNode node = graph.add("n", device).block();
        BlockBackend one = user(node);
        BlockBackend other = user(node);
        device.hold();
        start("far", one.grow(20_000, 20_000, PreallocMode.OFF));
        start("near", other.grow(10_000, 10_000, PreallocMode.OFF));
        device.release();

        assertThat(ends).containsExactlyInAnyOrder("far", "near");
        assertThat(device.contents()).hasSize(20_000);
        assertThat(device.held()).isZero();
    }

    @Test
    void norDoesOneThatComesFromANodeAbove() {
        var device = new ScriptedDevice(LENGTH, BlockLimits.BYTES);
        BlockNode file = graph.add("f", device).block();
        BlockBackend above =
                user(graph.add(NodeOptions.parse("raw,file=f,offset=512")).block());
        BlockBackend below = user(file);
        device.hold();
        start("far", below.grow(20_000, 20_000, PreallocMode.OFF));
        start("near", above.grow(10_000, 10_000, PreallocMode.OFF));
        device.release();

        assertThat(ends).containsExactlyInAnyOrder("far", "near");
        assertThat(device.contents()).hasSize(20_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 512})
    void aWriteGrowsTheNodeAndIsSeenWhenItIsThere(int alignment) {
        var device = new ScriptedDevice(LENGTH, blocks(alignment));
        BlockNode node = graph.add("n", device).block();
        BlockBackend backend = user(node);
        List<Long> lengths = new ArrayList<>();
        user(node).onResize((length, own) -> lengths.add(length));
        device.hold();
        start("write", backend.write(LENGTH + 100, filled(300, 7), GROW));
        device.release();
        assertThat(backend.length()).isEqualTo(LENGTH);
        assertThat(lengths).isEmpty();
        while (device.held() > 0) {
            device.release();
        }

        assertThat(ends).containsExactly("write");
        assertThat(lengths).containsExactly(LENGTH + 400L);
        assertThat(Arrays.copyOfRange(device.contents(), LENGTH + 100, LENGTH + 400))
                .containsOnly(7);
        assertThat(Arrays.copyOfRange(device.contents(), LENGTH, LENGTH + 100)).containsOnly(0);
    }

    @Test
    void aWriteThatADeviceAboveStartsGrowsTheNode() {
        var device = new ScriptedDevice(LENGTH, BlockLimits.BYTES);
        BlockNode node = graph.add("n", device).block();

        new Mono<Void>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                node.startWrite(LENGTH, filled(100, 7), GROW, actual);
            }
        }.block();

        assertThat(Arrays.copyOfRange(device.contents(), LENGTH, LENGTH + 100)).containsOnly(7);
    }

    @Test
    void zeroesGrowTheNode() {
        var device = new ScriptedDevice(LENGTH, BlockLimits.BYTES).filled(1);
        BlockBackend backend = user(graph.add("n", device).block());

        backend.writeZeroes(LENGTH - 10, 100, GROW).block();

        assertThat(device.contents()).hasSize(LENGTH + 90);
        assertThat(Arrays.copyOfRange(device.contents(), LENGTH - 10, LENGTH + 90))
                .containsOnly(0);
    }

    @Test
    void whoMayNotResizeDoesNotGrow() {
        BlockNode node =
                graph.add("n", new ScriptedDevice(LENGTH, BlockLimits.BYTES)).block();
        BlockBackend backend = graph.attach(node, new Permissions(Set.of(Permission.WRITE), Permissions.ALL))
                .block();

        for (Mono<Void> request : List.of(
                backend.write(LENGTH, filled(1, 1), GROW),
                backend.writeZeroes(LENGTH, 1, GROW),
                backend.grow(LENGTH, LENGTH + 1, PreallocMode.OFF))) {
            assertThatThrownBy(request::block)
                    .isInstanceOfSatisfying(
                            BlockException.class, e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.ACCESS_DENIED));
        }
        assertThat(node.length()).isEqualTo(LENGTH);
    }

    @Test
    void aGrowthThatCannotBeIsInvalid() {
        BlockBackend backend = user(
                graph.add("n", new ScriptedDevice(LENGTH, BlockLimits.BYTES)).block());
        start("overflow", backend.write(Long.MAX_VALUE, filled(1, 1), GROW));
        start("negative", backend.write(-1, filled(1, 1), GROW));
        start("reverse", backend.grow(LENGTH + 2, LENGTH + 1, PreallocMode.OFF));

        assertThat(ends).containsExactly("overflow INVALID", "negative INVALID", "reverse INVALID");
    }
}
