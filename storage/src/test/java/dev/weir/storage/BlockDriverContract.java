package dev.weir.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.graph.BlockGraph;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/**
 * What every driver that stores data must do, seen through a node and a backend. A driver's test extends it and says how
 * to open a node of a length that reads as zero.
 */
public abstract class BlockDriverContract {
    /** Not a multiple of a sector or a page. */
    protected static final int LENGTH = 1_000_003;

    private static final Duration DEADLINE = Duration.ofSeconds(10);

    protected BlockGraph graph;
    protected BlockBackend backend;

    /** Opens a new, writable node of {@code length} zero bytes with {@code discard=unmap}. */
    protected abstract Mono<BlockNode> open(BlockGraph graph, int length) throws Exception;

    /** Whether the node can change its length. */
    protected boolean resizable() {
        return true;
    }

    /** Whether discarded bytes read as zero and free space. */
    protected boolean unmaps() {
        return true;
    }

    /** The backend as the tests use it. */
    protected BlockBackend used(BlockBackend attached) {
        return attached;
    }

    @BeforeEach
    void attach() throws Exception {
        graph = BlockGraph.builder().build();
        backend = open(graph, LENGTH)
                .flatMap(node -> graph.attach(node, Permissions.WRITE))
                .map(this::used)
                .block(DEADLINE);
    }

    @AfterEach
    void close() {
        graph.close().block(DEADLINE);
    }

    @Test
    void newNodeReadsAsZero() {
        assertThat(backend.length()).isEqualTo(LENGTH);
        assertThat(read(0, LENGTH)).isEqualTo(new byte[LENGTH]);
    }

    @Test
    void readsBackWhatWasWritten() {
        for (int[] range :
                new int[][] {{0, 1}, {0, 4096}, {511, 2}, {4095, 8194}, {65_535, 131_074}, {LENGTH - 7, 7}}) {
            byte[] data = pattern(range[0], range[1]);
            write(range[0], data);
            assertThat(read(range[0], range[1])).isEqualTo(data);
        }
    }

    @Test
    void leavesBytesAroundAWriteAlone() {
        write(0, filled(20_000, 1));
        write(5_001, filled(3_333, 2));
        byte[] expected = filled(20_000, 1);
        Arrays.fill(expected, 5_001, 5_001 + 3_333, (byte) 2);
        assertThat(read(0, 20_000)).isEqualTo(expected);
    }

    @Test
    void usesTheBufferBetweenPositionAndLimitOnly() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(100);
        buffer.put(0, filled(100, 9));
        buffer.position(10).limit(20);
        write(0, filled(50, 3));
        backend.read(0, buffer).block(DEADLINE);
        buffer.clear();
        byte[] expected = filled(100, 9);
        Arrays.fill(expected, 10, 20, (byte) 3);
        byte[] actual = new byte[100];
        buffer.get(actual);
        assertThat(actual).isEqualTo(expected);
    }

    @Test
    void readPastTheEndIsFilledWithZeroes() {
        write(LENGTH - 10, filled(10, 7));
        byte[] expected = new byte[600];
        Arrays.fill(expected, 0, 10, (byte) 7);
        assertThat(read(LENGTH - 10, 600)).isEqualTo(expected);
        assertThat(read(LENGTH, 10)).isEqualTo(new byte[10]);
    }

    @Test
    void refusesRangesOutside() {
        assertFails(backend.read(LENGTH + 1_048_576L, buffer(1)), BlockErrorKind.OUT_OF_RANGE);
        assertFails(backend.read(-1, buffer(1)), BlockErrorKind.OUT_OF_RANGE);
        assertFails(backend.write(LENGTH - 1, buffer(2), WriteFlag.NONE), BlockErrorKind.OUT_OF_RANGE);
        assertFails(backend.write(Long.MAX_VALUE, buffer(2), WriteFlag.NONE), BlockErrorKind.OUT_OF_RANGE);
        assertFails(backend.writeZeroes(10, Long.MAX_VALUE, WriteFlag.NONE), BlockErrorKind.OUT_OF_RANGE);
        assertFails(backend.writeZeroes(10, -1, WriteFlag.NONE), BlockErrorKind.OUT_OF_RANGE);
        assertFails(backend.discard(LENGTH, 1), BlockErrorKind.OUT_OF_RANGE);
        assertFails(backend.blockStatus(LENGTH, 1), BlockErrorKind.OUT_OF_RANGE);
    }

    @Test
    void emptyRequestsSucceed() {
        write(LENGTH, new byte[0]);
        assertThat(read(LENGTH, 0)).isEmpty();
        backend.writeZeroes(LENGTH, 0, WriteFlag.NONE).block(DEADLINE);
        backend.discard(0, 0).block(DEADLINE);
    }

    @Test
    void flushAndForcedWritesSucceed() {
        backend.write(3, ByteBuffer.wrap(filled(5, 5)), Set.of(WriteFlag.FUA)).block(DEADLINE);
        backend.flush().block(DEADLINE);
        assertThat(read(3, 5)).isEqualTo(filled(5, 5));
    }

    @Test
    void writeZeroesZeroesExactlyTheRange() {
        for (Set<WriteFlag> flags : List.of(WriteFlag.NONE, EnumSet.of(WriteFlag.MAY_UNMAP), Set.of(WriteFlag.FUA))) {
            write(0, filled(300_000, 4));
            backend.writeZeroes(1_001, 200_003, flags).block(DEADLINE);
            byte[] expected = filled(300_000, 4);
            Arrays.fill(expected, 1_001, 201_004, (byte) 0);
            assertThat(read(0, 300_000)).isEqualTo(expected);
        }
    }

    @Test
    void discardKeepsWhatIsOutside() {
        write(0, filled(400_000, 6));
        backend.discard(65_536, 262_144).block(DEADLINE);
        assertThat(read(0, 65_536)).isEqualTo(filled(65_536, 6));
        assertThat(read(327_680, 72_320)).isEqualTo(filled(72_320, 6));
        if (unmaps()) {
            assertThat(read(65_536, 262_144)).isEqualTo(new byte[262_144]);
        }
    }

    @Test
    void allocationFollowsWritesAndDiscards() {
        long before = backend.allocatedBytes().block(DEADLINE);
        write(0, filled(524_288, 6));
        backend.flush().block(DEADLINE);
        long written = backend.allocatedBytes().block(DEADLINE);
        assertThat(written).isGreaterThanOrEqualTo(524_288);
        if (unmaps()) {
            assertThat(before).isLessThan(524_288);
            backend.discard(0, 524_288).block(DEADLINE);
            assertThat(backend.allocatedBytes().block(DEADLINE)).isLessThan(written);
        }
    }

    @Test
    void blockStatusTellsDataAndCoversTheNode() {
        write(131_072, filled(131_072, 8));
        backend.flush().block(DEADLINE);
        long at = 0;
        while (at < LENGTH) {
            Extent extent = backend.blockStatus(at, Long.MAX_VALUE - at).block(DEADLINE);
            assertThat(extent.offset()).isEqualTo(at);
            assertThat(extent.length()).isBetween(1L, LENGTH - at);
            if (extent.zero()) {
                assertThat(read((int) at, (int) extent.length())).containsOnly(0);
            }
            at = extent.end();
        }
        assertThat(backend.blockStatus(131_072, 10).block(DEADLINE)).isEqualTo(Extent.data(131_072, 10));
    }

    @Test
    void growingGainsZeroesAndShrinkingForgets() {
        if (!resizable()) {
            assertThatThrownBy(() -> backend.truncate(10, PreallocMode.OFF).block(DEADLINE))
                    .isInstanceOf(BlockException.class);
            return;
        }
        write(0, filled(LENGTH, 5));
        truncate(777);
        assertThat(backend.length()).isEqualTo(777);
        truncate(200_001);
        assertThat(backend.length()).isEqualTo(200_001);
        byte[] expected = new byte[200_001];
        Arrays.fill(expected, 0, 777, (byte) 5);
        assertThat(read(0, 200_001)).isEqualTo(expected);
        assertFails(backend.write(200_000, buffer(2), WriteFlag.NONE), BlockErrorKind.OUT_OF_RANGE);
    }

    @Test
    void tellsResizeListeners() {
        if (resizable()) {
            List<Long> lengths = new ArrayList<>();
            backend.onResize((length, own) -> lengths.add(length));
            truncate(4_096);
            truncate(4_096);
            truncate(8_192);
            assertThat(lengths).containsExactly(4_096L, 8_192L);
        }
    }

    @Test
    void refusesPreallocationWhenShrinking() {
        if (resizable()) {
            assertFails(backend.truncate(1, PreallocMode.FULL), BlockErrorKind.INVALID);
            assertThat(backend.length()).isEqualTo(LENGTH);
        }
    }

    @Test
    void concurrentDisjointWritesAllArrive() {
        int size = 7_919;
        int count = LENGTH / size;
        List<Mono<Void>> writes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ByteBuffer src = buffer(size).put(0, pattern(i * size, size));
            writes.add(backend.write((long) i * size, src, WriteFlag.NONE));
        }
        Mono.when(writes).block(DEADLINE);
        assertThat(read(0, count * size)).isEqualTo(pattern(0, count * size));
    }

    @Test
    void monosAreCold() {
        ByteBuffer src = buffer(4).put(0, filled(4, 1));
        Mono<Void> write = backend.write(0, src, WriteFlag.NONE);
        assertThat(read(0, 4)).containsOnly(0);
        write.block(DEADLINE);
        assertThat(read(0, 4)).containsOnly(1);
        src.put(0, filled(4, 2)).rewind();
        write.block(DEADLINE);
        assertThat(read(0, 4)).containsOnly(2);
    }

    @Test
    void failsAfterClose() {
        BlockNode node = backend.node();
        backend.close().block(DEADLINE);
        assertFails(backend.read(0, buffer(1)), BlockErrorKind.CLOSED);
        graph.remove(node.nodeName()).block(DEADLINE);
        assertFails(node.read(0, buffer(1)), BlockErrorKind.CLOSED);
        assertFails(node.write(0, buffer(1), WriteFlag.NONE), BlockErrorKind.CLOSED);
        assertFails(node.flush(), BlockErrorKind.CLOSED);
    }

    @Test
    void agreesWithAByteArrayOverRandomOperations() {
        var random = new Random(20_260_101);
        byte[] model = new byte[LENGTH];
        for (int i = 0; i < 1_500; i++) {
            int offset = random.nextInt(LENGTH);
            int length = 1 + random.nextInt(Math.min(LENGTH - offset, random.nextInt(8) == 0 ? 300_000 : 9_000));
            switch (random.nextInt(4)) {
                case 0 -> {
                    byte[] data = new byte[length];
                    random.nextBytes(data);
                    write(offset, data);
                    System.arraycopy(data, 0, model, offset, length);
                }
                case 1 -> {
                    backend.writeZeroes(
                                    offset, length, random.nextBoolean() ? WriteFlag.NONE : Set.of(WriteFlag.MAY_UNMAP))
                            .block(DEADLINE);
                    Arrays.fill(model, offset, offset + length, (byte) 0);
                }
                default ->
                    assertThat(read(offset, length)).isEqualTo(Arrays.copyOfRange(model, offset, offset + length));
            }
        }
        assertThat(read(0, LENGTH)).isEqualTo(model);
    }

    protected final void write(long offset, byte[] data) {
        ByteBuffer src = buffer(data.length).put(0, data);
        backend.write(offset, src, WriteFlag.NONE).block(DEADLINE);
    }

    protected final byte[] read(long offset, int length) {
        ByteBuffer dst = buffer(length);
        for (int i = 0; i < length; i++) {
            dst.put(i, (byte) 0xee);
        }
        backend.read(offset, dst).block(DEADLINE);
        byte[] data = new byte[length];
        dst.clear().get(data);
        return data;
    }

    protected final void truncate(long length) {
        backend.truncate(length, PreallocMode.OFF).block(DEADLINE);
    }

    protected static void assertFails(Mono<?> operation, BlockErrorKind kind) {
        assertThatThrownBy(() -> operation.block(DEADLINE))
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    protected static ByteBuffer buffer(int length) {
        return ByteBuffer.allocateDirect(length);
    }

    protected static byte[] filled(int length, int value) {
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) value);
        return data;
    }

    /** Differs from place to place, so that data in the wrong place is found. */
    protected static byte[] pattern(int offset, int length) {
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            int at = offset + i;
            data[i] = (byte) (at * 31 + (at >> 8) * 17 + (at >> 16) + 1);
        }
        return data;
    }
}
