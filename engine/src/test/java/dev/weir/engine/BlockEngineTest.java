package dev.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.fuse.FuseExportOptions;
import dev.weir.fuse.device.FuseMountException;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** What an engine does without a mount. */
class BlockEngineTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"", "1", "-a", ".a", "a b", "a/b", "#a", "ä", "a\n"})
    void idsAreWellFormed(String id) {
        assertThatThrownBy(() -> new BlockExportOptions(id, "node", missing()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Invalid block export id");
    }

    @Test
    void anUnknownNodeOrThreadIsNotFound() {
        try (BlockEngine engine = BlockEngine.create()) {
            assertFails(engine.addExport(new BlockExportOptions("e", "nowhere", missing())), BlockErrorKind.NOT_FOUND);
            BlockNode node = memory(engine, false);
            assertFails(
                    engine.addExport(new BlockExportOptions("e", node.nodeName(), missing(), List.of("iothread1"))),
                    BlockErrorKind.NOT_FOUND);
            assertFails(engine.removeExport("e", RemoveMode.HARD), BlockErrorKind.NOT_FOUND);
            assertThat(engine.findExport("e")).isEmpty();
        }
    }

    @Test
    void aReadOnlyNodeIsNotExportedAsWritable() {
        try (BlockEngine engine = BlockEngine.create()) {
            BlockNode node = memory(engine, true);
            assertFails(
                    engine.export(
                            node,
                            FuseExportOptions.at(directory.resolve("m"))
                                    .writable(true)
                                    .build()),
                    BlockErrorKind.READ_ONLY);
        }
    }

    @Test
    void anExportThatFailsLeavesIdAndNodeFree() {
        try (BlockEngine engine = BlockEngine.create()) {
            BlockNode node = memory(engine, false);
            for (int i = 0; i < 2; i++) {
                assertThatThrownBy(
                                () -> wait(engine.addExport(new BlockExportOptions("e", node.nodeName(), missing()))))
                        .isInstanceOf(FuseMountException.class)
                        .hasMessageContaining("no such directory");
            }
            assertThat(engine.exports()).isEmpty();
            wait(engine.graph().remove(node.nodeName()));
        }
    }

    @Test
    void moreMemoryThanThereIsIsRefusedAtOnce() {
        try (BlockEngine engine = BlockEngine.create()) {
            var options = FuseExportOptions.at(directory.resolve("m")).maxInFlightBytes(Long.MAX_VALUE);
            assertThatThrownBy(() -> wait(engine.export(memory(engine, false), options.build())))
                    .isInstanceOf(FuseMountException.class)
                    .hasMessageStartingWith("not enough memory for the buffers");
        }
    }

    @Test
    void nothingIsAddedToAnEngineThatIsShutDown() {
        BlockEngine engine = BlockEngine.create();
        BlockNode node = memory(engine, false);
        engine.close();

        assertFails(engine.addNode(nullCo(false)), BlockErrorKind.CLOSED);
        assertFails(engine.export(node, missing()), BlockErrorKind.CLOSED);
        assertFails(engine.addExport(new BlockExportOptions("e", node.nodeName(), missing())), BlockErrorKind.CLOSED);
        assertThat(engine.exports()).isEmpty();
    }

    @Test
    void anyNumberOfThreadsMayCloseItAndNoneOfItsOwnIsLeft() throws Exception {
        BlockEngine engine = BlockEngine.create();
        Path file = Files.createFile(directory.resolve("disk.raw"));
        wait(engine.addNode(
                NodeOptions.driver("file").set("filename", file.toString()).build()));
        assertThat(threads()).anyMatch(name -> name.startsWith("weir-"));

        CompletableFuture<?>[] closing = Stream.generate(() -> CompletableFuture.runAsync(engine::close))
                .limit(4)
                .toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(closing).get();
        engine.close();

        // The last may be on its way out.
        for (int i = 0; i < 100 && threads().stream().anyMatch(name -> name.startsWith("weir-")); i++) {
            Thread.sleep(10);
        }
        assertThat(threads()).noneMatch(name -> name.startsWith("weir-"));
    }

    @Test
    void optionsAreChecked() {
        BlockEngine.Builder builder = BlockEngine.builder();
        assertThatThrownBy(() -> builder.ioThreads(0)).hasMessageContaining("was 0");
        assertThatThrownBy(() -> builder.ioThreads(257)).hasMessageContaining("was 257");
        assertThatThrownBy(() -> builder.blockingThreads(0)).hasMessageContaining("was 0");
        var export = FuseExportOptions.at(Path.of("m"));
        assertThatThrownBy(() -> export.maxInFlightBytes(0)).hasMessageContaining("was 0");
        assertThatThrownBy(() -> export.maxInFlightRequests(65537)).hasMessageContaining("was 65537");
        assertThatThrownBy(() -> export.shutdownTimeout(java.time.Duration.ofSeconds(-1)))
                .hasMessageContaining("was PT-1S");
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
    }

    private FuseExportOptions missing() {
        return FuseExportOptions.at(directory.resolve("nowhere").resolve("mnt.raw"))
                .build();
    }

    private static BlockNode memory(BlockEngine engine, boolean readOnly) {
        return wait(engine.addNode(nullCo(readOnly)));
    }

    private static NodeOptions nullCo(boolean readOnly) {
        return NodeOptions.driver("null-co")
                .set("size", "1M")
                .set("read-only", readOnly)
                .build();
    }

    private static void assertFails(Mono<?> mono, BlockErrorKind kind) {
        assertThatThrownBy(() -> wait(mono))
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(kind));
    }

    private static <T> T wait(Mono<T> mono) {
        return mono.block(java.time.Duration.ofSeconds(30));
    }
}
