package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.ScriptedDevice;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BouncePool;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** What the checked hop makes of a request before the device sees it. */
class NodeRequestTest {
    private static final BlockLimits SECTORS = new BlockLimits(512, 1, BlockLimits.MAX_TRANSFER, 512, 0);

    private final BouncePool pool = new BouncePool();
    private final List<String> ended = new ArrayList<>();

    @Test
    void passesAnAlignedRequestOnAsItIs() {
        var device = new ScriptedDevice(8192, new BlockLimits(512, 512, 65_536, 512, 0));
        GraphNode node = node(device, "");
        ByteBuffer buffer = BouncePool.allocate(1024, 512);
        node.read(512, buffer).block();
        node.write(1024, buffer.clear(), Set.of(WriteFlag.FUA)).block();
        assertThat(device.calls()).containsExactly("read 512+1024", "write[FUA] 1024+1024");
    }

    @Test
    void readsChangesAndWritesBackBlocksThatAreWrittenInPart() {
        var device = new ScriptedDevice(8192, SECTORS).filled(1);
        GraphNode node = node(device, "");
        node.write(700, filled(100, 2), WriteFlag.NONE).block();
        assertThat(device.calls()).containsExactly("read 512+512", "write 512+512");
        byte[] expected = new byte[8192];
        Arrays.fill(expected, (byte) 1);
        Arrays.fill(expected, 700, 800, (byte) 2);
        assertThat(device.contents()).isEqualTo(expected);
    }

    @Test
    void writesTheWholeBlocksOfALargeUnalignedRequestWithoutReadingThem() {
        var device = new ScriptedDevice(1 << 20, SECTORS);
        node(device, "").write(100, filled(200_000, 2), WriteFlag.NONE).block();
        assertThat(device.calls())
                .containsExactly(
                        "read 0+512", "write 0+512", "write 512+199168", "read 199680+512", "write 199680+512");
    }

    @Test
    void bouncesBuffersThatAreNotAlignedInMemory() {
        var device = new ScriptedDevice(8192, new BlockLimits(1, 4096, 4096, 1, 0)).filled(3);
        GraphNode node = node(device, "");
        ByteBuffer odd = BouncePool.allocate(8192, 4096).position(1).limit(6001);
        node.read(7, odd).block();
        assertThat(device.calls()).containsExactly("read 7+4096", "read 4103+1904");
        assertThat(odd.get(1)).isEqualTo((byte) 3);
        assertThat(odd.get(6000)).isEqualTo((byte) 3);
        assertThat(pool.lent()).isZero();
    }

    @Test
    void splitsAtTheLargestTransfer() {
        var device = new ScriptedDevice(100_000, new BlockLimits(1, 1, 30_000, 1, 0));
        node(device, "").write(5, filled(70_000, 2), WriteFlag.NONE).block();
        assertThat(device.calls()).containsExactly("write 5+30000", "write 30005+30000", "write 60005+10000");
    }

    @Test
    void overlappingPartialWritesWaitForEachOther() {
        var device = new ScriptedDevice(4096, SECTORS).hold();
        GraphNode node = node(device, "");
        start("first", node.write(10, filled(10, 1), WriteFlag.NONE));
        start("second", node.write(20, filled(10, 2), WriteFlag.NONE));
        start("whole", node.write(0, filled(512, 3), WriteFlag.NONE));
        start("elsewhere", node.write(512, filled(512, 4), WriteFlag.NONE));
        assertThat(device.calls()).containsExactly("read 0+512", "write 512+512");
        while (device.held() > 0) {
            device.release();
        }
        assertThat(ended).containsExactly("elsewhere", "first", "second", "whole");
        assertThat(Arrays.copyOf(device.contents(), 512)).containsOnly(3);
    }

    @Test
    void overlappingWholeBlockWritesDoNotWait() {
        var device = new ScriptedDevice(4096, SECTORS).hold();
        GraphNode node = node(device, "");
        start("first", node.write(0, filled(1024, 1), WriteFlag.NONE));
        start("second", node.write(512, filled(1024, 2), WriteFlag.NONE));
        assertThat(device.held()).isEqualTo(2);
    }

    @Test
    void aLongQueueOfWritesThatEndAtOnceKeepsTheStackFlat() {
        var device = new ScriptedDevice(4096, SECTORS).hold();
        GraphNode node = node(device, "");
        for (int i = 0; i < 20_000; i++) {
            start("", node.write(10, filled(1, i), WriteFlag.NONE));
        }
        while (device.held() > 0) {
            device.release();
        }
        assertThat(ended).hasSize(20_000);
    }

    @Test
    void cancellingKeepsTheBounceBufferAndTheLockUntilTheDeviceIsDone() {
        var device = new ScriptedDevice(4096, SECTORS).hold();
        GraphNode node = node(device, "");
        Disposable write = start("first", node.write(10, filled(10, 1), WriteFlag.NONE));
        write.dispose();
        start("second", node.write(10, filled(10, 2), WriteFlag.NONE));
        assertThat(pool.lent()).isEqualTo(1);
        assertThat(device.held()).isEqualTo(1);
        while (device.held() > 0) {
            device.release();
        }
        assertThat(pool.lent()).isZero();
        assertThat(device.contents()[10]).isEqualTo((byte) 2);
    }

    @Test
    void bounceBuffersComeBackWhenTheDeviceFails() {
        var device = new ScriptedDevice(4096, new BlockLimits(512, 1, 1024, 512, 0));
        var failing = new FailingDevice(device.limits());
        GraphNode node = node(failing, "");
        assertFails(node.write(1, filled(1, 1), WriteFlag.NONE), BlockErrorKind.NO_SPACE);
        assertFails(node.read(1, filled(1, 1)), BlockErrorKind.NO_SPACE);
        assertThat(pool.lent()).isZero();
        assertFails(node.write(1, filled(1, 1), WriteFlag.NONE), BlockErrorKind.NO_SPACE);
    }

    @Test
    void writesZeroesInBuffersWhereTheDeviceHasNoZeroes() {
        var device = new ScriptedDevice(700_000, SECTORS).filled(1).withoutZeroes();
        GraphNode node = node(device, "");
        node.writeZeroes(1000, 600_000, WriteFlag.NONE).block();
        byte[] expected = new byte[700_000];
        Arrays.fill(expected, 0, 1000, (byte) 1);
        Arrays.fill(expected, 601_000, 700_000, (byte) 1);
        assertThat(device.contents()).isEqualTo(expected);
        assertThat(pool.lent()).isZero();
    }

    @Test
    void doesNotFallBackWhenToldSo() {
        var device = new ScriptedDevice(8192, SECTORS).filled(1).withoutZeroes();
        GraphNode node = node(device, "");
        Set<WriteFlag> noFallback = Set.of(WriteFlag.NO_FALLBACK);
        assertFails(node.writeZeroes(0, 512, noFallback), BlockErrorKind.UNSUPPORTED);
        assertFails(node.writeZeroes(1, 1024, noFallback), BlockErrorKind.UNSUPPORTED);
        assertThat(device.contents()).containsOnly(1);
    }

    @Test
    void writesTheEdgesOfAZeroedRangeWhetherOrNotItMayFallBack() {
        var device = new ScriptedDevice(8192, SECTORS).filled(1);
        GraphNode node = node(device, "");
        Set<WriteFlag> noFallback = Set.of(WriteFlag.NO_FALLBACK);
        node.writeZeroes(500, 2000, noFallback).block();
        node.writeZeroes(4000, 3, noFallback).block();
        byte[] expected = new byte[8192];
        Arrays.fill(expected, (byte) 1);
        Arrays.fill(expected, 500, 2500, (byte) 0);
        Arrays.fill(expected, 4000, 4003, (byte) 0);
        assertThat(device.contents()).isEqualTo(expected);
    }

    @Test
    void unmapsOnlyWhereTheNodeAllowsIt() {
        Set<WriteFlag> flags = EnumSet.of(WriteFlag.MAY_UNMAP);
        var kept = new ScriptedDevice(8192, SECTORS);
        node(kept, "").writeZeroes(0, 512, flags).block();
        node(kept, "").discard(0, 512).block();
        assertThat(kept.calls()).containsExactly("zero 0+512");
        var unmapped = new ScriptedDevice(8192, SECTORS);
        node(unmapped, "discard=unmap").writeZeroes(0, 512, flags).block();
        node(unmapped, "discard=unmap").discard(100, 1500).block();
        assertThat(unmapped.calls()).containsExactly("zero[MAY_UNMAP] 0+512", "discard 512+1024");
    }

    @Test
    void detectsZeroesInWrites() {
        var device = new ScriptedDevice(1 << 20, BlockLimits.BYTES);
        node(device, "detect-zeroes=on")
                .write(3, filled(300_000, 0), WriteFlag.NONE)
                .block();
        node(device, "detect-zeroes=unmap,discard=unmap")
                .write(3, filled(5, 0), WriteFlag.NONE)
                .block();
        ByteBuffer nearly = filled(300_000, 0).put(299_998, (byte) 1);
        node(device, "detect-zeroes=on").write(0, nearly, WriteFlag.NONE).block();
        assertThat(device.calls()).containsExactly("zero 3+300000", "zero[MAY_UNMAP] 3+5", "write 0+300000");
    }

    @Test
    void aFailedFlushStaysFailed() {
        var device = new ScriptedDevice(8192, SECTORS);
        GraphNode node = node(device, "");
        device.failFlush(BlockException.of(BlockErrorKind.NO_SPACE, "full"));
        assertFails(node.flush(), BlockErrorKind.NO_SPACE);
        device.failFlush(null);
        assertFails(node.flush(), BlockErrorKind.NO_SPACE);
        assertThat(device.calls()).containsExactly("flush");
    }

    @Test
    void dropsFlushesThatNobodyNeeds() {
        var device = new ScriptedDevice(8192, SECTORS);
        node(device, "cache.no-flush=on").flush().block();
        node(device, "read-only=on").flush().block();
        assertThat(device.calls()).isEmpty();
    }

    @Test
    void refusesChangesOfAReadOnlyNode() {
        GraphNode node = node(new ScriptedDevice(8192, SECTORS), "read-only=on");
        assertFails(node.write(0, filled(1, 1), WriteFlag.NONE), BlockErrorKind.READ_ONLY);
        assertFails(node.writeZeroes(0, 1, WriteFlag.NONE), BlockErrorKind.READ_ONLY);
        assertFails(node.discard(0, 1), BlockErrorKind.READ_ONLY);
        assertFails(node.truncate(0, PreallocMode.OFF), BlockErrorKind.READ_ONLY);
    }

    @Test
    void truncatesOneAfterTheOther() {
        var device = new ScriptedDevice(8192, BlockLimits.BYTES).hold();
        GraphNode node = node(device, "");
        start("first", node.truncate(100, PreallocMode.OFF));
        start("second", node.truncate(200, PreallocMode.OFF));
        assertThat(device.held()).isEqualTo(1);
        device.release();
        assertThat(ended).containsExactly("first");
        device.release();
        assertThat(node.length()).isEqualTo(200);
    }

    @Test
    void whatWaitedForAShrinkingTruncateIsCheckedAgain() {
        var device = new ScriptedDevice(8192, SECTORS).hold();
        GraphNode node = node(device, "");
        start("truncate", node.truncate(1024, PreallocMode.OFF));
        start("outside", node.write(4096, filled(512, 1), WriteFlag.NONE));
        start("zeroes outside", node.writeZeroes(4096, 512, WriteFlag.NONE));
        start("inside", node.write(512, filled(512, 1), WriteFlag.NONE));
        while (device.held() > 0) {
            device.release();
        }
        assertThat(ended).hasSize(4).contains("truncate", "inside");
        assertThat(ended.get(0)).contains("outside of what the node has become");
        assertThat(device.calls()).containsExactly("write 512+512");
    }

    @Test
    void aReadAcrossTheEndReachesTheDeviceOnlyUpToItsLastBlock() {
        var device = new ScriptedDevice(1000, SECTORS).filled(1);
        ByteBuffer dst = filled(4096, 9);
        node(device, "").read(512, dst).block();
        assertThat(device.calls()).containsExactly("read 512+512");
        byte[] read = new byte[4096];
        dst.clear().get(read);
        byte[] expected = new byte[4096];
        Arrays.fill(expected, 0, 488, (byte) 1);
        assertThat(read).isEqualTo(expected);
    }

    @Test
    void countsRequests() {
        GraphNode node = node(new ScriptedDevice(1000, SECTORS), "");
        node.read(0, filled(10, 0)).block();
        node.write(0, filled(20, 0), WriteFlag.NONE).block();
        assertThat(node.counters().snapshot()).isEqualTo(new NodeStatistics(1, 10, 1, 20, 0, 0, 0, 0, 20, 0, 0, 0, 0));
    }

    private GraphNode node(dev.weir.storage.spi.BlockDevice device, String options) {
        NodeOptions described = NodeOptions.parse(options);
        CommonOptions common =
                CommonOptions.take(new dev.weir.storage.spi.OptionReader(described), CommonOptions.DEFAULTS);
        return new GraphNode("n", "test", NodeState.of(described, common, null, device, Map.of()), false, pool);
    }

    private Disposable start(String name, Mono<Void> request) {
        return request.subscribe(nothing -> {}, failure -> ended.add(failure.toString()), () -> ended.add(name));
    }

    private static void assertFails(Mono<?> operation, BlockErrorKind kind) {
        assertThatThrownBy(operation::block)
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    private static ByteBuffer filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.allocateDirect(length).put(0, bytes);
    }
}
