package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockNode;
import dev.weir.storage.DataChanges;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.throttle.ThrottleLimits;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which node is whose child, before, after, and after a failure. */
@Timeout(30)
class ReopenChildrenTest {
    private static final Permissions WRITE_AND_SHARE = Permissions.WRITE.sharingAll();

    private final StoreDriver stores = new StoreDriver();
    private final BlockGraph graph = BlockGraph.builder().driver(stores).build();

    @AfterEach
    void close() {
        graph.close().block();
        assertThat(stores.events.stream().filter(event -> event.startsWith("open")))
                .as("every device is closed")
                .hasSameSizeAs(stores.events.stream()
                        .filter(event -> event.startsWith("close"))
                        .toList());
    }

    private void add(String options) {
        graph.add(NodeOptions.parse(options)).block();
    }

    private void reopen(String... options) {
        graph.reopen(Arrays.stream(options).map(NodeOptions::parse).toList()).block();
    }

    private void assertRefused(String message, String... options) {
        assertThatThrownBy(() -> reopen(options)).hasMessage(message);
    }

    private BlockBackend attach(String node, Permissions permissions) {
        return graph.attach(graph.node(node), permissions).block();
    }

    private static void write(BlockBackend backend, int value) {
        backend.write(0, ByteBuffer.allocateDirect(1).put(0, (byte) value), WriteFlag.NONE)
                .block();
    }

    private List<String> nodes() {
        return graph.nodes().stream().map(BlockNode::nodeName).toList();
    }

    @Test
    void anotherChildTakesThePlace() {
        add("store,node-name=s,id=a");
        add("raw,node-name=r,file=s");
        add("store,node-name=t,id=b");
        BlockBackend backend = attach("r", WRITE_AND_SHARE);
        write(backend, 1);
        reopen("raw,node-name=r,file=t");
        write(backend, 2);
        assertThat(stores.stores.get("a")[0]).isEqualTo((byte) 1);
        assertThat(stores.stores.get("b")[0]).isEqualTo((byte) 2);
        assertThat(stores.held.get("a")).isEqualTo(Permissions.NONE);
        assertThat(stores.held.get("b").writes()).isTrue();
        assertThat(graph.info("r").children()).containsExactly("t");
        assertThat(nodes()).as("children first").containsExactly("s", "t", "r");
        assertThatThrownBy(() -> graph.remove("t").block()).hasMessage("Block device t is in use");
        graph.remove("s").block();
    }

    @Test
    void aChildThatIsTakenLeavesEverythingAsItWas() {
        add("store,node-name=s,id=a");
        add("raw,node-name=r,file=s");
        add("store,node-name=t,id=b");
        BlockBackend backend = attach("r", WRITE_AND_SHARE);
        Permissions held = stores.held.get("a");
        stores.taken = "b";
        assertRefused("taken", "store,node-name=s,id=a,mode=sectors", "raw,node-name=r,file=t,offset=512");
        assertThat(graph.info("r").children()).containsExactly("s");
        assertThat(stores.held.get("a")).isEqualTo(held);
        assertThat(graph.node("s").limits().requestAlignment()).isEqualTo(1);
        write(backend, 1);
        assertThat(stores.stores.get("a")[0]).isEqualTo((byte) 1);
        graph.remove("t").block();
    }

    @Test
    void aUserThatDoesNotShareKeepsItsNode() {
        add("store,node-name=s,id=a");
        add("store,node-name=t,id=b");
        add("raw,node-name=r,file=s");
        attach("r", WRITE_AND_SHARE);
        attach("t", Permissions.WRITE);
        assertThatThrownBy(() -> reopen("raw,node-name=r,file=t"))
                .hasMessageStartingWith("Permission conflict on node 't'");
        assertThat(graph.info("r").children()).containsExactly("s");
    }

    @Test
    void twoParentsSwapTheirChildren() {
        add("store,node-name=s,id=a");
        add("store,node-name=t,id=b");
        add("raw,node-name=r,file=s");
        add("raw,node-name=q,file=t");
        BlockBackend one = attach("r", Permissions.WRITE);
        BlockBackend other = attach("q", Permissions.WRITE);
        reopen("raw,node-name=r,file=t", "raw,node-name=q,file=s");
        write(one, 1);
        write(other, 2);
        assertThat(stores.stores.get("b")[0]).isEqualTo((byte) 1);
        assertThat(stores.stores.get("a")[0]).isEqualTo((byte) 2);
    }

    @Test
    void noNodeBecomesItsOwnChild() {
        add("store,node-name=s,id=a");
        add("raw,node-name=r,file=s");
        add("raw,node-name=q,file=r");
        assertRefused("Making 'r' a file child of 'r' would create a cycle", "raw,node-name=r,file=r");
        assertRefused("Making 'q' a file child of 'r' would create a cycle", "raw,node-name=r,file=q");
        assertRefused("Cannot find device='' nor node-name='nobody'", "raw,node-name=r,file=nobody");
        reopen("raw,node-name=r,file=q", "raw,node-name=q,file=s");
        assertThat(nodes()).containsExactly("s", "q", "r");
    }

    @Test
    void childrenThatWereDescribedInPlaceAreReopenedWithTheirParent() {
        add("raw,node-name=r,file.driver=store,file.node-name=s,file.id=a");
        reopen("raw,node-name=r,read-only=on,file.driver=store,file.id=a,file.mode=sectors");
        assertThat(graph.node("s").readOnly()).isTrue();
        assertThat(graph.node("s").limits().requestAlignment()).isEqualTo(512);
        reopen("raw,node-name=r,cache.direct=on,file=s");
        assertThat(graph.node("s").readOnly()).isFalse();
        assertThat(graph.info("s").cacheDirect()).isTrue();
        assertThat(graph.node("s").limits().requestAlignment())
                .as("its own options stay")
                .isEqualTo(512);
        reopen("raw,node-name=r,file.driver=store,file.id=a");
        assertThat(graph.node("s").limits().requestAlignment()).isEqualTo(1);
        assertRefused("Cannot change the option 'id'", "raw,node-name=r,file.driver=store,file.id=b");
        assertRefused(
                "Cannot change the option 'node-name'", "raw,node-name=r,file.driver=store,file.node-name=x,file.id=a");
        assertRefused(
                "Parameter 'file.bogus' is unexpected", "raw,node-name=r,file.driver=store,file.id=a,file.bogus=1");
        assertRefused("Parameter 'file' is missing", "raw,node-name=r");
        assertThat(nodes()).containsExactly("s", "r");
    }

    @Test
    void aChildThatWasDescribedInPlaceGoesWhenItIsReplaced() {
        add("raw,node-name=r,file.driver=store,file.node-name=s,file.id=a");
        add("store,node-name=t,id=b");
        reopen("raw,node-name=r,file=t");
        assertThat(nodes()).containsExactly("t", "r");
        assertThat(stores.events).endsWith("close a");
        assertRefused("Cannot change the option 'file.driver'", "raw,node-name=r,file.driver=store,file.id=b");
    }

    /** The counts of the nodes that come and go happen to make up for each other. */
    @Test
    void otherDataCountsAsAChangeAndOtherCachingDoesNot() {
        add("store,node-name=s,id=a");
        add("store,node-name=t,id=b");
        add("raw,node-name=r,file=s");
        write(attach("s", WRITE_AND_SHARE), 1);
        BlockBackend backend = attach("r", WRITE_AND_SHARE);
        DataChanges first = backend.changesByOthers();
        reopen("raw,node-name=r,file=s,cache.direct=on");
        assertThat(backend.changesByOthers()).isEqualTo(first);
        reopen("raw,node-name=r,file=t");
        DataChanges second = backend.changesByOthers();
        assertThat(second.count()).isNotEqualTo(first.count());
        assertThat(second.lastMillis())
                .isGreaterThanOrEqualTo(first.lastMillis())
                .isNotZero();
        reopen("raw,node-name=r,file=t,offset=512");
        assertThat(backend.changesByOthers().count()).isNotEqualTo(second.count());
    }

    @Test
    void aDrainFollowsTheNodes() {
        add("store,node-name=s,id=a");
        add("store,node-name=t,id=b");
        add("raw,node-name=r,file=s");
        BlockBackend backend = attach("r", WRITE_AND_SHARE);
        graph.drainedBegin(graph.node("t")).block();
        reopen("raw,node-name=r,file=t");
        var written = new AtomicBoolean();
        backend.write(0, ByteBuffer.allocateDirect(1), WriteFlag.NONE)
                .subscribe(nothing -> {}, failure -> {}, () -> written.set(true));
        assertThat(written).isFalse();
        reopen("raw,node-name=r,file=s");
        assertThat(written).isTrue();
        graph.drainedEnd(graph.node("t"));
        write(backend, 1);
        assertThat(backend.inFlight()).isZero();
    }

    @Test
    void aThrottleThatComesInLetsAUserGoThatIsAboutToClose() {
        add("store,node-name=s,id=a");
        graph.throttleGroups().create("free", ThrottleLimits.NONE);
        var slow = new OptionReader(NodeOptions.parse("iops-total=1", ""));
        graph.throttleGroups().create("slow", ThrottleLimits.NONE.with(slow));
        add("throttle,node-name=t,file=s,throttle-group=free");
        BlockBackend backend = attach("t", WRITE_AND_SHARE);
        backend.hurry();
        reopen("throttle,node-name=t,file=s,throttle-group=slow");
        for (int i = 0; i < 50; i++) {
            write(backend, i);
        }
        graph.throttleGroups().remove("free");
        assertThatThrownBy(() -> graph.throttleGroups().remove("slow")).hasMessageContaining("slow");
    }
}
