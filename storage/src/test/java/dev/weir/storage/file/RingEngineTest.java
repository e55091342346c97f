package dev.weir.storage.file;

import static dev.weir.storage.file.FileFixture.await;
import static dev.weir.storage.file.FileFixture.buffer;
import static dev.weir.storage.file.FileFixture.random;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.testing.AioLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Files that a loop reads and writes through its ring. */
class RingEngineTest {
    private static final int BLOCK = 4096;

    /** More than a ring takes in a turn, and than it has in flight. */
    private static final int MANY = 3000;

    private final FileFixture files = new FileFixture();
    private final AioLoop loop = new AioLoop();

    @TempDir
    Path dir;

    @AfterEach
    void close() throws InterruptedException {
        loop.close();
        files.close();
    }

    private BlockDevice open(Path path, boolean direct) {
        return files.open(
                NodeOptions.driver("file")
                        .set("filename", path.toString())
                        .set("aio", "io_uring")
                        .build(),
                new FileFixture.Context(files.pool, false, direct, false, false));
    }

    private Path image(String name, int blocks) throws IOException {
        return Files.write(dir.resolve(name), new byte[blocks * BLOCK]);
    }

    private static byte[] block(int seed) {
        return random(BLOCK, seed);
    }

    /** All of them in one turn of the loop. */
    private CompletableFuture<List<CompletableFuture<Void>>> together(List<Mono<Void>> requests) {
        var begun = new CompletableFuture<List<CompletableFuture<Void>>>();
        loop.execute(() -> begun.complete(requests.stream().map(Mono::toFuture).toList()));
        return begun;
    }

    private void awaitAll(List<Mono<Void>> requests) throws Exception {
        for (var request : together(requests).get(10, TimeUnit.SECONDS)) {
            request.get(30, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noneOfMoreThanThereIsRoomForIsLost(boolean direct) throws Exception {
        Path path = image("image", MANY);
        BlockDevice device = open(path, direct);
        var requests = new ArrayList<Mono<Void>>();
        for (int i = 0; i < MANY; i++) {
            requests.add(device.write((long) i * BLOCK, buffer(block(i)), Set.of()));
        }
        awaitAll(requests);
        requests.clear();
        var read = new ArrayList<ByteBuffer>();
        for (int i = 0; i < MANY; i++) {
            read.add(buffer(BLOCK));
            requests.add(device.read((long) i * BLOCK, read.get(i)));
        }
        awaitAll(requests);
        for (int i = 0; i < MANY; i++) {
            assertThat(read.get(i).flip()).isEqualTo(ByteBuffer.wrap(block(i)));
        }
    }

    @Test
    void nodesShareTheRingOfALoop() throws Exception {
        var devices = new ArrayList<BlockDevice>();
        for (int i = 0; i < 8; i++) {
            devices.add(open(image("image" + i, 64), i % 2 == 0));
        }
        var requests = new ArrayList<Mono<Void>>();
        for (int block = 0; block < 64; block++) {
            for (int i = 0; i < devices.size(); i++) {
                Set<WriteFlag> flags = block % 16 == 0 ? Set.of(WriteFlag.FUA) : Set.of();
                requests.add(devices.get(i).write((long) block * BLOCK, buffer(block(block * 8 + i)), flags));
            }
        }
        devices.forEach(device -> requests.add(device.flush()));
        awaitAll(requests);
        for (int i = 0; i < devices.size(); i++) {
            byte[] written = Files.readAllBytes(dir.resolve("image" + i));
            for (int block = 0; block < 64; block++) {
                assertThat(ByteBuffer.wrap(written, block * BLOCK, BLOCK))
                        .isEqualTo(ByteBuffer.wrap(block(block * 8 + i)));
            }
        }
    }

    @Test
    void loopsAndOtherThreadsUseAFileTogether() throws Exception {
        Path path = image("image", 512);
        BlockDevice device = open(path, true);
        try (var second = new AioLoop()) {
            Flux.range(0, 512)
                    .flatMap(
                            i -> {
                                var write = device.write((long) i * BLOCK, buffer(block(i)), Set.of());
                                return i % 3 == 0 ? write : (i % 3 == 1 ? loop : second).on(write);
                            },
                            64)
                    .blockLast(Duration.ofSeconds(30));
        }
        byte[] written = Files.readAllBytes(path);
        for (int i = 0; i < 512; i++) {
            assertThat(ByteBuffer.wrap(written, i * BLOCK, BLOCK)).isEqualTo(ByteBuffer.wrap(block(i)));
        }
    }

    @Test
    void requestsEndOnTheLoopThatAsked() throws Exception {
        BlockDevice device = open(image("image", 1), true);
        var thread = new CompletableFuture<String>();
        loop.execute(() -> device.read(0, buffer(BLOCK))
                .then(device.flush())
                .subscribe(
                        nothing -> {},
                        thread::completeExceptionally,
                        () -> thread.complete(Thread.currentThread().getName())));
        assertThat(thread.get(10, TimeUnit.SECONDS)).isEqualTo("test-loop");
    }

    @Test
    void aLoopThatEndsEndsItsRequestsFirst() throws Exception {
        Path path = image("image", MANY);
        BlockDevice device = open(path, true);
        var requests = new ArrayList<Mono<Void>>();
        for (int i = 0; i < MANY; i++) {
            requests.add(device.write((long) i * BLOCK, buffer(block(i)), Set.of()));
        }
        var begun = together(requests);
        loop.close();
        assertThat(begun.get())
                .hasSize(MANY)
                .allSatisfy(write -> assertThat(write).isCompleted());
        assertThat(ByteBuffer.wrap(Files.readAllBytes(path), (MANY - 1) * BLOCK, BLOCK))
                .isEqualTo(ByteBuffer.wrap(block(MANY - 1)));
    }

    @Test
    void aNodeThatIsClosedEndsItsRequestsFirst() throws Exception {
        Path path = image("image", MANY);
        var graph = BlockGraph.builder().build();
        var backend = graph.add(NodeOptions.parse("file,cache.direct=on,aio=io_uring,filename=" + path))
                .flatMap(node -> graph.attach(node, Permissions.WRITE))
                .block(Duration.ofSeconds(10));
        var requests = new ArrayList<Mono<Void>>();
        for (int i = 0; i < MANY; i++) {
            requests.add(backend.write((long) i * BLOCK, buffer(block(i)), Set.of()));
        }
        var begun = together(requests).get(10, TimeUnit.SECONDS);
        graph.close().block(Duration.ofSeconds(30));
        assertThat(begun).allSatisfy(write -> assertThat(write).isCompleted());
        assertThat(ByteBuffer.wrap(Files.readAllBytes(path), (MANY - 1) * BLOCK, BLOCK))
                .isEqualTo(ByteBuffer.wrap(block(MANY - 1)));
    }

    @Test
    void ringsAndDescriptorsGoWithTheirLoop() throws Exception {
        BlockDevice device = open(image("image", 1), true);
        long before;
        try (var fds = Files.list(Path.of("/proc/self/fd"))) {
            before = fds.count();
        }
        for (int i = 0; i < 20; i++) {
            try (var other = new AioLoop()) {
                await(other.on(device.read(0, buffer(BLOCK))));
            }
        }
        try (var fds = Files.list(Path.of("/proc/self/fd"))) {
            assertThat(fds.count()).isLessThan(before + 20);
        }
    }

    @Test
    void errorsOfTheKernelAreThoseOfThePool() throws Exception {
        BlockDevice device = open(image("image", 1), false);
        for (boolean onLoop : new boolean[] {false, true}) {
            ByteBuffer src = buffer(InlineTransfers.MAX_BYTES + BLOCK);
            Mono<Void> tooFar = device.write(1L << 50, src, Set.of());
            assertThatThrownBy(() -> await(onLoop ? loop.on(tooFar) : tooFar))
                    .asInstanceOf(type(BlockException.class))
                    .returns(BlockErrorKind.FILE_TOO_LARGE, BlockException::kind);
            assertThat(src.position()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                Errno.EPERM + "| sysctl kernel.io_uring_disabled",
                Errno.ENOMEM + "| ulimit -l",
                Errno.ENOSYS + "| needs Linux 5.8",
            })
    void aKernelWithoutARingIsToldOf(int errno, String hint) {
        assertThat(RingEngine.unsupported(new PosixException(errno, "io_uring_setup")))
                .hasMessageStartingWith("aio=io_uring was specified, but is not supported here: io_uring_setup: ")
                .hasMessageContaining(hint)
                .asInstanceOf(type(BlockException.class))
                .returns(BlockErrorKind.UNSUPPORTED, BlockException::kind);
    }
}
