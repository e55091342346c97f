package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permission;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

class PermissionTest {
    private static final Permissions SHARING_WRITER = new Permissions(Permissions.WRITE.used(), Permissions.ALL);

    private final BlockGraph graph = BlockGraph.builder().build();
    private final LockingDevice locks = new LockingDevice();
    private BlockNode file;
    private BlockNode raw;

    @BeforeEach
    void open() {
        file = graph.add("f", locks).block();
        raw = graph.add(NodeOptions.parse("raw,node-name=r,file=f")).block();
        locks.told.clear();
    }

    @AfterEach
    void close() {
        locks.pending = null;
        graph.close().block();
    }

    @Test
    void usersThatShareCoexist() {
        graph.attach(raw, SHARING_WRITER).block();
        graph.attach(raw, SHARING_WRITER).block();
        graph.attach(raw, new Permissions(Set.of(Permission.CONSISTENT_READ), Permissions.ALL))
                .block();
        assertThat(locks.now()).isEqualTo(SHARING_WRITER);
    }

    @Test
    void tellsWhoRequiresAndWhoDoesNotShare() {
        graph.attach(raw, Permissions.WRITE).block();
        assertFails(
                graph.attach(raw, SHARING_WRITER),
                BlockErrorKind.BUSY,
                "Permission conflict on node 'r': permissions 'write, resize' are both required by an unnamed block"
                        + " device (uses node 'r' as 'root' child) and unshared by an unnamed block device (uses node"
                        + " 'r' as 'root' child).");
        assertFails(
                graph.attach(file, SHARING_WRITER),
                BlockErrorKind.BUSY,
                "Permission conflict on node 'f': permissions 'write, resize' are both required by an unnamed block"
                        + " device (uses node 'f' as 'root' child) and unshared by node 'r' (uses node 'f' as 'file'"
                        + " child).");
    }

    @Test
    void closingABackendGivesBackWhatItHeld() {
        BlockBackend first = graph.attach(raw, Permissions.WRITE).block();
        first.close().block();
        first.close().block();
        assertThat(locks.now()).isEqualTo(Permissions.NONE);
        graph.attach(file, Permissions.WRITE).block();
    }

    @Test
    void aDeviceMayRefuseAndNothingHasChanged() {
        locks.refuse = true;
        assertFails(graph.attach(raw, Permissions.WRITE), BlockErrorKind.BUSY, "Failed to get \"write\" lock");
        locks.refuse = false;
        assertThat(((GraphNode) raw).users()).isEmpty();
        assertThat(((GraphNode) raw).permissions()).isEqualTo(Permissions.NONE);
        graph.attach(file, Permissions.WRITE).block();
    }

    @Test
    void whatWasToldIsTakenBackWhenALaterDeviceRefuses() {
        var refusing = new LockingDevice();
        BlockNode top = graph.add(
                        "top",
                        new MirrorDevice(List.of(file, graph.add("g", refusing).block())))
                .block();
        refusing.refuse = true;
        locks.told.clear();
        assertThatThrownBy(() -> graph.attach(top, SHARING_WRITER).block()).isInstanceOf(BlockException.class);
        assertThat(locks.told).containsExactly(SHARING_WRITER, Permissions.NONE);
    }

    @Test
    void anAttachWaitsForADeviceThatTakesItsTimeAndOthersWaitForTheirTurn() {
        Sinks.Empty<Void> pending = Sinks.empty();
        locks.pending = pending;
        List<String> done = new ArrayList<>();
        graph.attach(raw, Permissions.WRITE).subscribe(b -> done.add("first"), e -> done.add("failed"));
        graph.attach(raw, Permissions.WRITE).subscribe(b -> done.add("second"), e -> done.add("conflict"));
        assertThat(done).isEmpty();
        locks.pending = null;
        pending.tryEmitEmpty();
        assertThat(done).containsExactly("first", "conflict");
    }

    @Test
    void whatAnAttachGotThatWasGivenUpMeanwhileGoesBack() {
        Sinks.Empty<Void> pending = Sinks.empty();
        locks.pending = pending;
        graph.attach(raw, Permissions.WRITE)
                .subscribe(b -> fail("nobody wants it"), e -> {})
                .dispose();
        locks.pending = null;
        pending.tryEmitEmpty();

        assertThat(locks.told).containsExactly(Permissions.WRITE, Permissions.NONE);
        graph.attach(raw, Permissions.WRITE).block();
    }

    @Test
    void anAttachThatIsCancelledLaterKeepsItsBackend() {
        List<BlockBackend> got = new ArrayList<>();
        graph.attach(raw, Permissions.WRITE)
                .concatWith(Mono.never())
                .subscribe(got::add, e -> {})
                .dispose();

        assertThat(locks.told).containsExactly(Permissions.WRITE);
        got.get(0).read(0, ByteBuffer.allocateDirect(1)).block();
    }

    @Test
    void aReadOnlyNodeTakesNoWriters() {
        BlockNode node = graph.add(NodeOptions.parse("null-co,node-name=ro,read-only=on"))
                .block();
        assertFails(graph.attach(node, Permissions.WRITE), BlockErrorKind.READ_ONLY, "Block node 'ro' is read-only");
        BlockNode above =
                graph.add(NodeOptions.parse("raw,node-name=a,file=ro")).block();
        assertFails(graph.attach(above, Permissions.WRITE), BlockErrorKind.READ_ONLY, "Block node 'ro' is read-only");
        graph.attach(above, Permissions.READ).block();
    }

    @Test
    void aReaderCannotWriteAndAWriterWithoutResizeCannotTruncate() {
        BlockBackend reader = graph.attach(raw, Permissions.READ).block();
        assertKind(reader.write(0, ByteBuffer.allocateDirect(1), WriteFlag.NONE), BlockErrorKind.READ_ONLY);
        assertKind(reader.discard(0, 1), BlockErrorKind.READ_ONLY);
        reader.close().block();
        BlockBackend writer = graph.attach(
                        raw, new Permissions(Set.of(Permission.CONSISTENT_READ, Permission.WRITE), Permissions.ALL))
                .block();
        assertKind(writer.truncate(0, PreallocMode.OFF), BlockErrorKind.ACCESS_DENIED);
    }

    @Test
    void removeWaitsForNobody() {
        BlockBackend backend = graph.attach(raw, Permissions.READ).block();
        assertFails(graph.remove("r"), BlockErrorKind.BUSY, "Node r is in use");
        backend.close().block();
        graph.remove("r").block();
        assertKind(graph.attach(raw, Permissions.READ), BlockErrorKind.NOT_FOUND);
    }

    private static void assertFails(Mono<?> operation, BlockErrorKind kind, String message) {
        assertKind(operation, kind);
        assertThatThrownBy(operation::block).hasMessage(message);
    }

    private static void assertKind(Mono<?> operation, BlockErrorKind kind) {
        assertThatThrownBy(operation::block)
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    /** Mirrors permissions as a file does with its locks. */
    private static final class LockingDevice extends ProtocolDevice {
        final List<Permissions> told = new ArrayList<>();
        boolean refuse;
        Sinks.Empty<Void> pending;

        Permissions now() {
            return told.get(told.size() - 1);
        }

        @Override
        public Mono<Void> permissionsChanged(Permissions permissions) {
            if (refuse) {
                return Mono.error(BlockException.of(BlockErrorKind.BUSY, "Failed to get \"write\" lock"));
            }
            told.add(permissions);
            return pending == null ? Mono.empty() : pending.asMono();
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
}
