package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.BlockExport;
import dev.weir.engine.BlockExportOptions;
import dev.weir.engine.RemoveMode;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.fuse.device.FuseMountException;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.core.instrument.config.MeterFilterReply;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;

/** The engine inside another program: this one, which serves what other processes use. */
@MountRequired(programs = {"cmp", "dd"})
class EmbeddingIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;
    private Path other;
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private BlockEngine engine;
    private List<String> descriptors;

    @BeforeEach
    void createEngine() throws Exception {
        Client.shell("head -c 1M /dev/urandom >$1/disk.raw; : >$1/mnt.raw; : >$1/other.raw", directory)
                .ok();
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        other = directory.resolve("other.raw");
        FuseMounts.watch(mountpoint);
        FuseMounts.watch(other);
        // What is loaded and opened once stays: it is not to count.
        BlockEngine.create().close();
        descriptors = descriptors();
        engine = BlockEngine.builder().ioThreads(2).meterRegistry(meters).build();
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        engine.close();
        assertThat(FuseMounts.isMounted(mountpoint) || FuseMounts.isMounted(other))
                .isFalse();
        // The last may be on its way out.
        await(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("weir-")));
        assertThat(descriptors()).isEqualTo(descriptors);
    }

    @Test
    void exportsAnImageAndEndsItWithTheEngine() {
        BlockExport export = wait(engine.export(node(image), options(mountpoint).build()));

        assertThat(export.id()).matches("export[0-9]+");
        assertThat(export.mountpoint()).isEqualTo(mountpoint);
        assertThat(export.length()).isEqualTo(1 << 20);
        assertThat(engine.exports()).containsExactly(export);
        Client.run("cmp", image.toString(), mountpoint.toString()).ok();

        engine.close();
        wait(export.onTerminate());
        assertThat(engine.exports()).isEmpty();
    }

    @Test
    void enginesThatShareARegistryOfMetersHaveExportsOfTheirOwn() {
        BlockExport first = wait(engine.export(node(image), options(mountpoint).build()));
        try (BlockEngine second = BlockEngine.builder().meterRegistry(meters).build()) {
            BlockNode memory = wait(second.addNode(
                    NodeOptions.driver("memory").set("size", 4096).build()));
            assertThat(wait(second.export(memory, options(other).build())).id()).isEqualTo(first.id());
            assertThat(meters.find("weir.export.pauses").functionCounters()).hasSize(2);
        }
        assertThat(meters.find("weir.export.pauses").tag("export", first.id()).functionCounter())
                .isNotNull();
    }

    @Test
    void anExportThatCannotBeMeasuredIsTakenDown() {
        meters.config().meterFilter(new MeterFilter() {
            @Override
            public MeterFilterReply accept(Meter.Id id) {
                throw new IllegalStateException("made up");
            }
        });
        BlockNode node = node(image);

        assertThatThrownBy(() -> wait(engine.export(node, options(mountpoint).build())))
                .hasMessageContaining("made up");
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        assertThat(engine.exports()).isEmpty();
    }

    @Test
    void aShutdownThatMayTakeForEverEnds() {
        wait(engine.export(
                node(image),
                options(mountpoint)
                        .shutdownTimeout(ChronoUnit.FOREVER.getDuration())
                        .build()));
        engine.close();
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
    }

    @Test
    void anIdIsTakenUntilItsExportHasEnded() {
        BlockNode node = node(image);
        wait(engine.addExport(new BlockExportOptions(
                "mine", node.nodeName(), options(mountpoint).build())));

        assertThatThrownBy(() -> wait(engine.addExport(new BlockExportOptions(
                        "mine", node.nodeName(), options(other).build()))))
                .isInstanceOf(BlockException.class)
                .hasMessage("Block export id 'mine' is already in use");
        assertThat(wait(engine.export(node, options(other).build())).id()).isNotEqualTo("mine");

        wait(engine.removeExport("mine", RemoveMode.SAFE));
        wait(engine.addExport(new BlockExportOptions(
                "mine", node.nodeName(), options(mountpoint).build())));
    }

    @Test
    void aMountpointIsExportedOnceWhateverItsSpelling() throws Exception {
        wait(engine.export(node(image), options(mountpoint).build()));
        Path link = Files.createSymbolicLink(directory.resolve("link.raw"), mountpoint);
        Path up = Files.createSymbolicLink(directory.resolve("up"), directory);

        for (Path spelling : List.of(mountpoint, link, up.resolve("mnt.raw"), directory.resolve("./up/./mnt.raw"))) {
            assertThatThrownBy(() ->
                            wait(engine.export(node("memory"), options(spelling).build())))
                    .isInstanceOf(FuseMountException.class)
                    .hasMessage("There already is a FUSE export on '" + spelling + "'");
            assertThatThrownBy(() -> node(spelling))
                    .isInstanceOfSatisfying(
                            BlockException.class, e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.BUSY))
                    .hasMessageContaining("is an export of this process");
        }
        Client.run("cmp", image.toString(), mountpoint.toString()).ok();
    }

    @Test
    void aFileThatIsMerelyOpenDoesNotHinderASafeRemoval() {
        BlockExport export = wait(engine.export(node(image), options(mountpoint).build()));
        Client open = Client.startShell("exec 3<$1; echo >$2/open; sleep 60", mountpoint, directory);
        await(() -> Files.exists(directory.resolve("open")));

        wait(engine.removeExport(export.id(), RemoveMode.SAFE));

        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        open.kill().await(LIMIT);
    }

    @Test
    void aRequestInFlightHindersASafeRemovalAndIsWaitedForByAHardOne() throws Exception {
        var device = new HeldDevice();
        BlockNode node = wait(engine.addNode("held", device));
        BlockExport export = wait(engine.export(node, options(mountpoint).build()));
        // It may come to close the file only when the export is gone, which is an error that nobody waits for.
        Client reader = Client.startPython("""
                if len(os.read(os.open(args[0], os.O_RDONLY), 4096)) != 4096:
                    sys.exit("short")
                """, mountpoint);
        assertThat(device.asked.await(30, TimeUnit.SECONDS)).isTrue();

        assertThatThrownBy(() -> wait(engine.removeExport(export.id(), RemoveMode.SAFE)))
                .isInstanceOf(BlockException.class)
                .hasMessage("export '" + export.id() + "' still in use");
        assertThat(export.shuttingDown()).isFalse();

        CompletableFuture<Void> removed =
                engine.removeExport(export.id(), RemoveMode.HARD).toFuture();
        await(export::shuttingDown);
        assertThat(removed).isNotDone();
        device.answer.complete(null);
        removed.get(30, TimeUnit.SECONDS);
        reader.await(LIMIT).ok();
    }

    @Test
    void anUnmountFromOutsideEndsTheExport() {
        BlockExport export = wait(engine.export(node(image), options(mountpoint).build()));

        Client.run("umount", mountpoint.toString()).ok();

        wait(export.onTerminate());
        assertThat(engine.findExport(export.id())).isEmpty();
        assertThat(meters.find("weir.export.pauses").meters()).isEmpty();
        assertThat(export.shuttingDown()).isTrue();
        wait(engine.graph().remove(export.nodeName()));
    }

    @Test
    void anExportThatStartsDuringAShutdownDoesNotStay() {
        BlockNode node = node(image);
        CompletableFuture<BlockExport> starting =
                engine.export(node, options(mountpoint).build()).toFuture();

        engine.close();

        assertThat(starting).failsWithin(LIMIT);
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
    }

    @Test
    void severalThreadsServeOneExport() {
        BlockNode node = node(image);
        wait(engine.addExport(new BlockExportOptions(
                "wide", node.nodeName(), options(mountpoint).build(), List.of("iothread0", "iothread1"))));

        Client.shell("for i in 1 2 3 4; do cmp $1 $2 & done; wait", image, mountpoint)
                .ok();
    }

    /** The kernel keeps attributes for a second. */
    @Test
    void whatChangesThroughOneExportIsSeenThroughAnother() {
        BlockNode node = node(image);
        wait(engine.export(
                node, options(mountpoint).writable(true).growable(true).build()));
        wait(engine.export(node, options(other).build()));

        Client.python("""
                        def awaits(what, seconds):
                            end = time.monotonic() + seconds
                            while not what():
                                assert time.monotonic() < end, os.stat(args[1])
                        for size in (3 << 20, 5, 1 << 20):
                            os.stat(args[1])
                            os.truncate(args[0], size)
                            awaits(lambda: os.stat(args[1]).st_size == size, 0.5)
                        before = os.stat(args[1])
                        fd = os.open(args[0], os.O_WRONLY | os.O_APPEND)
                        os.write(fd, bytes(range(256)) * 1024)
                        awaits(lambda: os.stat(args[1]).st_size == 5 << 18, 0.5)
                        os.pwrite(fd, b"x" * 4096, 1 << 19)
                        awaits(lambda: os.stat(args[1]).st_blocks > before.st_blocks, 3)
                        assert os.stat(args[1]).st_mtime > before.st_mtime
                        """, mountpoint, other).ok();
    }

    @Test
    void whatItDoesIsMeasured() {
        BlockExport export = wait(
                engine.export(node(image), options(mountpoint).writable(true).build()));
        Client.shell(
                        "cat $1 >/dev/null; dd if=/dev/zero of=$1 bs=4096 count=3 conv=notrunc,fsync status=none",
                        mountpoint)
                .ok();

        await(() -> meter("weir.export.requests", "flush") >= 1);
        assertThat(meter("weir.export.bytes", "read")).isEqualTo(1 << 20);
        assertThat(meter("weir.export.bytes", "write")).isEqualTo(3 * 4096);
        assertThat(meter("weir.export.requests", "write")).isEqualTo(3);
        assertThat(meter("weir.export.errors", "write")).isZero();
        assertThat(meters.get("weir.engine.buffer.bytes").gauge().value()).isPositive();
        assertThat(meters.get("weir.engine.in.flight.max.bytes").gauge().value())
                .isEqualTo((double) engine.maxInFlightBytes());
        assertThat(meters.get("weir.export.in.flight.requests").gauge().value()).isZero();
        assertThat(meters.get("weir.export.pauses").functionCounter().count()).isZero();

        wait(engine.removeExport(export.id(), RemoveMode.HARD));
        assertThat(meters.getMeters())
                .allSatisfy(meter -> assertThat(meter.getId().getName()).startsWith("weir.engine."));
    }

    private double meter(String name, String operation) {
        Meter meter = meters.get(name).tag("operation", operation).meter();
        return meter.measure().iterator().next().getValue();
    }

    private FuseExportOptions.Builder options(Path at) {
        return FuseExportOptions.at(at);
    }

    private BlockNode node(Path file) {
        return wait(engine.addNode(NodeOptions.driver("raw")
                .set(
                        "file",
                        NodeOptions.driver("file")
                                .set("filename", file.toString())
                                .build())
                .build()));
    }

    private BlockNode node(String driver) {
        return wait(engine.addNode(NodeOptions.driver(driver).set("size", "1M").build()));
    }

    private static <T> T wait(Mono<T> mono) {
        return mono.block(LIMIT);
    }

    private static void await(java.util.function.BooleanSupplier condition) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            try {
                Thread.sleep(10);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** What this process has open, but for files that the JVM opens when it likes. */
    private static List<String> descriptors() throws Exception {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.map(EmbeddingIT::target)
                    .filter(target -> target.startsWith("anon_inode:")
                            || target.startsWith("/dev/fuse")
                            || target.endsWith(".raw"))
                    .sorted()
                    .toList();
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (java.io.IOException e) {
            return ""; // closed meanwhile
        }
    }

    /** Answers its first read when it is told to. */
    private static final class HeldDevice extends ProtocolDevice {
        final CountDownLatch asked = new CountDownLatch(1);
        final CompletableFuture<Void> answer = new CompletableFuture<>();

        @Override
        public long length() {
            return 4096;
        }

        @Override
        public Mono<Void> read(long offset, ByteBuffer dst) {
            return Mono.defer(() -> {
                asked.countDown();
                return Mono.fromFuture(answer, true);
            });
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
