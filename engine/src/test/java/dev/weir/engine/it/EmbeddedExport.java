package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.BlockExport;
import dev.weir.engine.BlockExportOptions;
import dev.weir.engine.IoThread;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** An engine with one export in this JVM, which never touches its mount itself. */
final class EmbeddedExport implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(30);

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final BlockEngine engine;
    private final BlockNode node;
    private final BlockExport export;

    private EmbeddedExport(
            NodeOptions node, Path mountpoint, int ioThreads, UnaryOperator<FuseExportOptions.Builder> options) {
        FuseMounts.watch(mountpoint);
        engine =
                BlockEngine.builder().ioThreads(ioThreads).meterRegistry(meters).build();
        this.node = engine.addNode(node).block(LIMIT);
        var threads = engine.ioThreads().stream().map(IoThread::id).toList();
        var fuse =
                options.apply(FuseExportOptions.at(mountpoint).writable(true)).build();
        export = engine.addExport(new BlockExportOptions("export", this.node.nodeName(), fuse, threads))
                .block(LIMIT);
    }

    /** @param node such as {@code file,filename=disk.raw} */
    static EmbeddedExport start(
            String node, Path mountpoint, int ioThreads, UnaryOperator<FuseExportOptions.Builder> options) {
        return new EmbeddedExport(NodeOptions.parse(node), mountpoint, ioThreads, options);
    }

    static EmbeddedExport start(String node, Path mountpoint) {
        return start(node, mountpoint, 1, options -> options);
    }

    BlockEngine engine() {
        return engine;
    }

    BlockNode node() {
        return node;
    }

    BlockExport export() {
        return export;
    }

    /** The value of {@code weir.export.NAME}. */
    double metric(String name) {
        return meters.get("weir.export." + name)
                .meter()
                .measure()
                .iterator()
                .next()
                .getValue();
    }

    @Override
    public void close() {
        engine.close();
        assertThat(FuseMounts.isMounted(export.mountpoint())).isFalse();
        assertThat(export.inFlight()).as("requests in flight").isZero();
        assertThat(export.inFlightBytes()).as("lent memory").isZero();
        assertThat(engine.bufferBytes()).as("memory").isZero();
        assertThat(meters.getMeters()).isEmpty();
    }

    /** What a process keeps: descriptors, threads but for those of the pool of an engine, and memory of Netty's. */
    record Footprint(long descriptors, Set<String> threads, long memory) {
        static Footprint now() {
            try (var entries = Files.list(Path.of("/proc/self/fd"))) {
                return new Footprint(
                        entries.count(),
                        Thread.getAllStackTraces().keySet().stream()
                                .map(Thread::getName)
                                .filter(name -> name.startsWith("weir-") && !name.startsWith("weir-file-"))
                                .collect(Collectors.toSet()),
                        UnpooledByteBufAllocator.DEFAULT.metric().usedDirectMemory());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Fails where anything is there that was not there before. Threads and descriptors may take a moment to go. */
        void assertNothingIsLeft() {
            ProcessStatus.await(
                    "descriptors are back to " + this, Duration.ofSeconds(5), () -> now().descriptors <= descriptors);
            ProcessStatus.await(
                    "threads are back to " + this, Duration.ofSeconds(5), () -> threads.containsAll(now().threads));
            assertThat(now().memory).as("memory of Netty's").isEqualTo(memory);
        }
    }
}
