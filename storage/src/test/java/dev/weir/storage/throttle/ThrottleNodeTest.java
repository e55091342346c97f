package dev.weir.storage.throttle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.ScriptedDevice;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.throttle.ThrottleLimits.Rate;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** The driver in a graph. */
class ThrottleNodeTest {
    private static final Permissions SHARED = new Permissions(Permissions.WRITE.used(), Permissions.ALL);

    private final VirtualTimer timer = new VirtualTimer();
    private final ThrottleGroups groups = new ThrottleGroups(timer);
    private final BlockGraph graph = BlockGraph.builder().throttleGroups(groups).build();
    private final ScriptedDevice device = new ScriptedDevice(4096, BlockLimits.BYTES);
    private final List<String> events = new ArrayList<>();
    private ThrottleGroup group;
    private BlockNode file;
    private BlockNode node;
    private BlockBackend backend;

    @BeforeEach
    void attach() {
        group = groups.create("g", iops(1));
        file = graph.add(NodeOptions.parse("driver=scripted,node-name=f,discard=unmap"), device)
                .block();
        node = graph.add(NodeOptions.parse("throttle,node-name=t,throttle-group=g,discard=unmap,file=f"))
                .block();
        backend = graph.attach(node, SHARED).block();
    }

    @Test
    void whatMovesDataWaitsAndNothingElse() {
        useUp();
        note("read", backend.read(0, buffer()));
        note("write", backend.write(0, buffer(), WriteFlag.NONE));
        note("zero", backend.writeZeroes(0, 512, WriteFlag.NONE));
        note("discard", backend.discard(0, 512));
        assertThat(group.waiting()).isEqualTo(4);
        note("flush", backend.flush());
        note("status", backend.blockStatus(0, 512));
        note("allocated", backend.allocatedBytes());
        note("truncate", backend.truncate(8192, PreallocMode.OFF));
        assertThat(events).containsExactly("flush", "status", "allocated", "truncate");
        timer.advance(Duration.ofSeconds(5));
        assertThat(events).endsWith("read", "write", "zero", "discard");
        assertThat(device.calls()).contains("read 0+512", "write 0+512", "zero 0+512", "discard 0+512");
    }

    @Test
    void zeroedAndDiscardedBytesCountAsWritten() {
        group.setLimits(new ThrottleLimits(Rate.NONE, Rate.of(1), Rate.of(1_000), Rate.NONE, Rate.NONE, Rate.NONE, 0));
        note("zero", backend.writeZeroes(0, 4_000, WriteFlag.NONE));
        note("discard", backend.discard(0, 2_000));
        note("write", backend.write(0, buffer(), WriteFlag.NONE));
        timer.advance(Duration.ofMillis(3_899));
        assertThat(events).containsExactly("zero");
        timer.advance(Duration.ofMillis(2));
        assertThat(events).containsExactly("zero", "discard");
        timer.advance(Duration.ofMillis(1_998));
        assertThat(events).doesNotContain("write");
        timer.advance(Duration.ofMillis(2));
        assertThat(events).containsExactly("zero", "discard", "write");
    }

    @Test
    void aDrainLetsWaitingRequestsGoAtOnce() {
        useUp();
        for (int i = 0; i < 100; i++) {
            note("write", backend.write(0, buffer(), WriteFlag.NONE));
        }
        note("drained", backend.drainedBegin());
        assertThat(events).isEmpty();
        timer.settle();
        assertThat(events).hasSize(101).endsWith("write", "drained");
        backend.drainedEnd();
        note("after", backend.write(0, buffer(), WriteFlag.NONE));
        timer.advance(Duration.ofSeconds(99));
        assertThat(events).doesNotContain("after");
        timer.advance(Duration.ofSeconds(2));
        assertThat(events).endsWith("after");
    }

    @Test
    void aDrainOfANodeBelowLetsThemGo() {
        useUp();
        note("write", backend.write(0, buffer(), WriteFlag.NONE));
        note("drained", graph.drainedBegin(file));
        timer.settle();
        assertThat(events).containsExactly("write", "drained");
        graph.drainedEnd(file);
        note("after", backend.write(0, buffer(), WriteFlag.NONE));
        timer.settle();
        assertThat(events).doesNotContain("after");
    }

    @Test
    void aDrainOfANodeAboveLetsThemGo() {
        BlockNode raw = graph.add(NodeOptions.parse("raw,node-name=r,file=t")).block();
        BlockBackend above = graph.attach(raw, SHARED).block();
        useUp();
        note("write", above.write(0, buffer(), WriteFlag.NONE));
        note("drained", graph.drainedBegin(raw));
        timer.settle();
        assertThat(events).containsExactly("write", "drained");
    }

    @Test
    void theLimitsHoldAgainAfterTheLastDrainOnly() {
        backend.drainedBegin().block();
        graph.drainedBegin(node).block();
        BlockBackend above = graph.attach(
                        graph.add(NodeOptions.parse("raw,node-name=r,file=t")).block(), SHARED)
                .block();
        graph.drainedEnd(node);
        note("first", above.write(0, buffer(), WriteFlag.NONE));
        note("second", above.write(0, buffer(), WriteFlag.NONE));
        assertThat(events).containsExactly("first", "second");
        backend.drainedEnd();
        note("third", above.write(0, buffer(), WriteFlag.NONE));
        timer.settle();
        assertThat(events).containsExactly("first", "second");
    }

    @Test
    void closingABackendLetsWaitingRequestsGo() {
        useUp();
        note("write", backend.write(0, buffer(), WriteFlag.NONE));
        note("closed", backend.close());
        timer.settle();
        assertThat(events).containsExactly("write", "closed");
    }

    @Test
    void closingTheGraphLetsWaitingRequestsGo() {
        useUp();
        note("write", backend.write(0, buffer(), WriteFlag.NONE));
        note("closed", graph.close());
        timer.settle();
        assertThat(events).containsExactly("write", "closed");
        assertThat(group.members()).isZero();
    }

    @Test
    void aBackendThatIsClosedWhileDrainedLeavesTheLimitsToOthers() {
        BlockBackend other = graph.attach(node, SHARED).block();
        useUp();
        backend.drainedBegin().block();
        graph.drainedBegin(node).block();
        backend.close().block();
        backend.drainedEnd();
        graph.drainedEnd(node);
        note("write", other.write(0, buffer(), WriteFlag.NONE));
        timer.settle();
        assertThat(events).isEmpty();
    }

    @Test
    void groupsInUseAreNotRemoved() {
        assertFails(
                BlockErrorKind.BUSY,
                "Cannot delete throttle group 'g' with active references",
                () -> groups.remove("g"));
        backend.close().block();
        graph.remove("t").block();
        groups.remove("g");
        assertThat(groups.all()).isEmpty();
        assertFails(BlockErrorKind.NOT_FOUND, "Throttle group 'g' does not exist", () -> groups.remove("g"));
    }

    @Test
    void groupsHaveUniqueIds() {
        assertFails(
                BlockErrorKind.INVALID,
                "attempt to add duplicate property 'g' to object (type 'container')",
                () -> groups.create("g", ThrottleLimits.NONE));
        assertThat(groups.get("g")).isSameAs(group);
    }

    @Test
    void namesAGroupThatDoesNotExist() {
        assertFails(
                BlockErrorKind.NOT_FOUND,
                "Throttle group 'nope' does not exist",
                () -> graph.add(NodeOptions.parse("throttle,throttle-group=nope,file.driver=null-co,file.node-name=n"))
                        .block());
        assertThat(graph.nodes()).extracting(BlockNode::nodeName).containsExactly("f", "t");
    }

    @Test
    void refusesWrongOptions() {
        assertFails(
                BlockErrorKind.INVALID,
                "Parameter 'throttle-group' is missing",
                () -> graph.add(NodeOptions.parse("throttle,file=f")).block());
        assertFails(
                BlockErrorKind.INVALID,
                "Parameter 'file' is missing",
                () -> graph.add(NodeOptions.parse("throttle,throttle-group=g")).block());
    }

    @Test
    void aFailedOpenLeavesTheGroup() {
        assertFails(
                BlockErrorKind.INVALID,
                "Parameter 'foo' is unexpected",
                () -> graph.add(NodeOptions.parse("throttle,throttle-group=g,foo=1,file=f"))
                        .block());
        assertThat(group.members()).isEqualTo(1);
    }

    @Test
    void aGraphHasGroupsOfItsOwnByDefault() {
        BlockGraph other = BlockGraph.builder().build();
        assertThat(other.throttleGroups().all()).isEmpty();
        other.close().block();
    }

    /** The next request waits. */
    private void useUp() {
        backend.write(0, buffer(), WriteFlag.NONE).block();
    }

    private static ThrottleLimits iops(long total) {
        return new ThrottleLimits(Rate.NONE, Rate.NONE, Rate.NONE, Rate.of(total), Rate.NONE, Rate.NONE, 0);
    }

    private static ByteBuffer buffer() {
        return ByteBuffer.allocateDirect(512);
    }

    private void note(String name, Mono<?> operation) {
        operation.subscribe(nothing -> {}, failure -> events.add(failure.getMessage()), () -> events.add(name));
    }

    private static void assertFails(
            BlockErrorKind kind, String message, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessage(message);
    }
}
