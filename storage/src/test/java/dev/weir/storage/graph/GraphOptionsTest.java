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
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import dev.weir.storage.spi.ProtocolDriver;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class GraphOptionsTest {
    private final List<OpenContext> opened = new ArrayList<>();
    private final List<ScriptedDevice> devices = new ArrayList<>();
    private final BlockGraph graph =
            BlockGraph.builder().driver(new RecordingDriver()).build();

    @AfterEach
    void close() {
        graph.close().block();
    }

    @Test
    void makesUpNamesAndFindsNodes() {
        BlockNode node = add("raw,file.driver=null-co,file.node-name=below");
        assertThat(node.nodeName()).isEqualTo("#block000");
        assertThat(node.driverName()).isEqualTo("raw");
        assertThat(graph.node("#block000")).isSameAs(node);
        assertThat(graph.nodes()).extracting(BlockNode::nodeName).containsExactly("below", "#block000");
        assertThat(node.length()).isEqualTo(1L << 30);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            delimiter = '|',
            value = {
                "size=1 | Parameter 'driver' is missing",
                "nope | Parameter 'driver' does not accept value 'nope'",
                "null-co,bogus=1 | Parameter 'bogus' is unexpected",
                "null-co,cache.bogus=1 | Parameter 'cache.bogus' is unexpected",
                "null-co,node-name=1bad | Invalid node-name: '1bad'",
                "null-co,node-name=a1234567890123456789012345678901 | Node name too long",
                "null-co,node-name=taken | Duplicate nodes with node-name='taken'",
                "null-co,read-only=1 | Parameter 'read-only' expects 'on' or 'off'",
                "null-co,discard=maybe | Parameter 'discard' does not accept value 'maybe'",
                "null-co,read-only.x=1 | Invalid parameter type for 'read-only', expected: boolean",
                "null-co,detect-zeroes=unmap | setting detect-zeroes to unmap is not allowed without setting discard"
                        + " operation to unmap",
                "null-co,force-share=on | force-share=on can only be used with read-only images",
                "null-co,latency-ns=-1 | latency-ns is invalid",
                "memory | Parameter 'size' is missing",
                "raw | Parameter 'file' is missing",
                "raw,file=nobody | Cannot find device='nobody' nor node-name='nobody'",
                "raw,file.driver=null-co,file.x=1 | Parameter 'file.x' is unexpected",
                "raw,offset=2k,file.driver=memory,file.size=1k | Offset (2048) cannot be greater than size of the"
                        + " containing file (1024)",
                "raw,offset=1,size=1k,file.driver=memory,file.size=1k | The sum of offset (1) and size (1024) has to be"
                        + " smaller or equal to the actual size of the containing file (1024)",
                "raw,probed=on,offset=1,file.driver=null-co | A probed raw image has no 'offset' and no 'size'",
            })
    void refusesWrongOptionsAndLeavesNothingOpen(String options, String message) {
        add("null-co,node-name=taken");
        assertThatThrownBy(() -> add(options))
                .isInstanceOf(BlockException.class)
                .hasMessage(message);
        assertThat(graph.nodes()).hasSize(1);
    }

    @Test
    void aFailedOpenClosesDevicesAndFreesNames() {
        assertThatThrownBy(() -> add("raw,node-name=n,offset=1G,file.driver=recording,file.node-name=f"))
                .hasMessageStartingWith("Offset");
        assertThatThrownBy(() -> add("recording,node-name=n,bogus=1")).hasMessage("Parameter 'bogus' is unexpected");
        assertThat(devices)
                .hasSize(1)
                .allSatisfy(device -> assertThat(device.calls()).contains("close"));
        assertThat(add("null-co,node-name=n").nodeName()).isEqualTo("n");
        assertThat(add("null-co,node-name=f").nodeName()).isEqualTo("f");
    }

    @Test
    void childrenInheritWhatTheyDoNotSet() {
        add("raw,read-only=on,discard=unmap,cache.direct=on,cache.no-flush=on,force-share=on,file.driver=recording");
        OpenContext inherited = opened.get(0);
        assertThat(inherited.readOnly()).isTrue();
        assertThat(inherited.discardUnmap()).isTrue();
        assertThat(inherited.cacheDirect()).isTrue();
        assertThat(inherited.cacheNoFlush()).isTrue();
        assertThat(inherited.forceShare()).isTrue();
        add("raw,discard=unmap,cache.direct=on,file.driver=recording,file.discard=ignore,file.cache.direct=off");
        assertThat(opened.get(1).discardUnmap()).isFalse();
        assertThat(opened.get(1).cacheDirect()).isFalse();
    }

    @Test
    void readsCacheOptionsFlatAndNested() {
        graph.add(NodeOptions.driver("recording").set("cache.direct", true).build())
                .block();
        graph.add(NodeOptions.driver("recording")
                        .set("cache", NodeOptions.builder().set("direct", true).build())
                        .build())
                .block();
        assertThat(opened).extracting(OpenContext::cacheDirect).containsExactly(true, true);
    }

    @Test
    void opensReadOnlyInsteadWhereThatIsAllowed() {
        assertThatThrownBy(() -> add("recording,only-readable=on")).hasMessage("Permission denied");
        assertThat(add("recording,only-readable=on,auto-read-only=on").readOnly())
                .isTrue();
    }

    @Test
    void aReferredNodeOutlivesItsParent() {
        add("null-co,node-name=base");
        add("raw,node-name=top,file=base");
        assertFails(graph.remove("base"), BlockErrorKind.BUSY, "Block device base is in use");
        graph.remove("top").block();
        assertThat(graph.nodes()).extracting(BlockNode::nodeName).containsExactly("base");
        graph.remove("base").block();
        assertFails(graph.remove("base"), BlockErrorKind.NOT_FOUND, "Failed to find node with node-name='base'");
    }

    @Test
    void removingANodeClosesTheChildrenDescribedInPlace() {
        add("raw,node-name=top,file.driver=recording,file.node-name=below");
        graph.remove("top").block();
        assertThat(graph.nodes()).isEmpty();
        assertThat(devices.get(0).calls()).endsWith("close");
    }

    @Test
    void imagesOpenNothingByThemselves() {
        add("recording");
        assertFails(
                opened.get(0).openImplicit("backing", "/etc/passwd", "raw", true),
                BlockErrorKind.ACCESS_DENIED,
                "The image of node '#block000' names the file '/etc/passwd', which it may not open;"
                        + " describe that node explicitly");
    }

    @Test
    void closeEndsBackendsNodesAndTheGraph() {
        BlockNode node = add("raw,file.driver=recording");
        var backend = graph.attach(node, Permissions.WRITE).block();
        graph.close().block();
        graph.close().block();
        assertThat(devices.get(0).calls()).endsWith("close");
        assertFails(backend.flush(), BlockErrorKind.CLOSED, "#block000: flush: CLOSED");
        assertFails(graph.add(NodeOptions.parse("null-co")), BlockErrorKind.CLOSED, "The block graph is closed");
    }

    @Test
    void closeWaitsForWhatIsBeingOpened() {
        Sinks.One<BlockDevice> opening = Sinks.one();
        var device = new ScriptedDevice(4096, BlockLimits.BYTES);
        BlockGraph graph = BlockGraph.builder()
                .driver(new ProtocolDriver() {
                    @Override
                    public String name() {
                        return "slow";
                    }

                    @Override
                    public OptionSchema options() {
                        return OptionSchema.EMPTY;
                    }

                    @Override
                    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
                        return opening.asMono();
                    }
                })
                .build();
        var added = graph.add(NodeOptions.parse("slow")).toFuture();
        var closed = graph.close().toFuture();
        assertThat(closed).isNotDone();

        opening.tryEmitValue(device);

        assertThat(closed).isCompleted();
        assertThat(added).isCompletedExceptionally();
        assertThat(device.calls()).containsExactly("close");
    }

    @Test
    void takesADeviceThatTheUserMade() {
        var device = new ScriptedDevice(4096, BlockLimits.BYTES);
        BlockNode node = graph.add("mine", device).block();
        assertThat(node.driverName()).isEqualTo("custom");
        assertThat(graph.node("mine")).isSameAs(node);
        graph.remove("mine").block();
        assertThat(device.calls()).containsExactly("close");
    }

    @Test
    void blockingCallsRunOnNamedDaemonThreads() {
        add("recording");
        Thread thread = Mono.<Thread>create(
                        sink -> opened.get(0).blockingExecutor().execute(() -> sink.success(Thread.currentThread())))
                .block();
        assertThat(thread.getName()).startsWith("weir-file-");
        assertThat(thread.isDaemon()).isTrue();
        assertThatThrownBy(() -> BlockGraph.builder().blockingThreads(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void nullDevicesTakeEverything() {
        BlockNode node = add("null-co,size=64k,read-zeroes=on,discard=unmap,latency-ns=1000");
        var buffer = java.nio.ByteBuffer.allocateDirect(65_536).put(77, (byte) 1);
        node.write(0, buffer, WriteFlag.NONE).block();
        node.read(0, buffer.clear()).block();
        assertThat(buffer.get(77)).isZero();
        node.flush().block();
        node.discard(0, 512).block();
        assertThat(node.allocatedBytes().block()).isZero();
    }

    private BlockNode add(String options) {
        return graph.add(NodeOptions.parse(options)).block();
    }

    private static void assertFails(Mono<?> operation, BlockErrorKind kind, String message) {
        assertThatThrownBy(operation::block)
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .hasMessage(message);
    }

    private final class RecordingDriver implements ProtocolDriver {
        private static final Option<Boolean> ONLY_READABLE = Option.flag("only-readable", false);

        @Override
        public OptionSchema options() {
            return OptionSchema.of(ONLY_READABLE);
        }

        @Override
        public String name() {
            return "recording";
        }

        @Override
        public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
            return Mono.fromSupplier(() -> {
                if (options.get(ONLY_READABLE) && !context.readOnly()) {
                    throw BlockException.of(BlockErrorKind.ACCESS_DENIED, "Permission denied");
                }
                opened.add(context);
                var device = new ScriptedDevice(4096, BlockLimits.BYTES);
                devices.add(device);
                return device;
            });
        }
    }
}
