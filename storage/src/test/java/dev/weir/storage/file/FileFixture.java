package dev.weir.storage.file;

import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.OptionReader;
import dev.weir.testing.AioLoop;
import dev.weir.testing.DeviceFilter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Opens file devices as a graph would, and closes them. */
final class FileFixture {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    final ExecutorService pool = Executors.newFixedThreadPool(4, task -> {
        var thread = new Thread(task, "test-blocking");
        thread.setDaemon(true);
        return thread;
    });
    private final List<BlockDevice> devices = new ArrayList<>();
    private final @Nullable AioLoop loop;

    FileFixture() {
        this(null);
    }

    private FileFixture(@Nullable AioLoop loop) {
        this.loop = loop;
    }

    /** With {@code aio=io_uring}, and devices that are asked from an event loop. */
    static FileFixture onARing() {
        return new FileFixture(new AioLoop());
    }

    /** What the node was asked to be. */
    record Context(Executor pool, boolean readOnly, boolean cacheDirect, boolean noFlush, boolean forceShare)
            implements OpenContext {
        @Override
        public String nodeName() {
            return "test";
        }

        @Override
        public boolean cacheNoFlush() {
            return noFlush;
        }

        @Override
        public void requireForeign(String filename) {}

        @Override
        public boolean discardUnmap() {
            return true;
        }

        @Override
        public Executor blockingExecutor() {
            return pool;
        }

        @Override
        public Mono<BlockNode> openChild(NodeOptions options) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Mono<BlockNode> openImplicit(String option, String filename, String format, boolean readOnly) {
            throw new UnsupportedOperationException();
        }
    }

    BlockDevice open(Path path) {
        return open(options(path), new Context(pool, false, false, false, false));
    }

    BlockDevice openReadOnly(Path path) {
        return open(options(path), new Context(pool, true, false, false, false));
    }

    BlockDevice openDirect(Path path) {
        return open(options(path), new Context(pool, false, true, false, false));
    }

    BlockDevice open(NodeOptions asked, Context context) {
        NodeOptions options = loop == null ? asked : onARing(asked);
        BlockDevice device = await(new FileDriver().open(reader(options), context));
        if (device == null) {
            throw new AssertionError("no device");
        }
        if (loop != null) {
            device = new OnLoop(device, loop);
        }
        devices.add(device);
        return device;
    }

    private static NodeOptions onARing(NodeOptions asked) {
        NodeOptions.Builder options = NodeOptions.builder();
        asked.values().forEach((key, value) -> options.set(key, value.toString()));
        return options.set("aio", "io_uring").build();
    }

    Context context() {
        return new Context(pool, false, false, false, false);
    }

    static NodeOptions options(Path path) {
        return NodeOptions.driver("file").set("filename", path.toString()).build();
    }

    static OptionReader reader(NodeOptions options) {
        return new OptionReader(options, new FileDriver().options());
    }

    void close(BlockDevice device) {
        devices.remove(device);
        await(device.close());
    }

    private static final class OnLoop extends DeviceFilter {
        private final AioLoop loop;

        OnLoop(BlockDevice below, AioLoop loop) {
            super(below);
            this.loop = loop;
        }

        @Override
        protected Mono<Void> pass(Request request, Mono<Void> operation) {
            return loop.on(operation);
        }
    }

    void close() throws InterruptedException {
        devices.forEach(device -> await(device.close()));
        if (loop != null) {
            loop.close();
        }
        pool.shutdown();
        if (!pool.awaitTermination(10, TimeUnit.SECONDS)) {
            throw new AssertionError("the pool is still busy");
        }
    }

    static <T> @Nullable T await(Mono<T> mono) {
        return mono.block(TIMEOUT);
    }

    static byte[] random(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** A page-aligned direct buffer. */
    static ByteBuffer buffer(int length) {
        return ByteBuffer.allocateDirect(length + 2 * 4096).alignedSlice(4096).limit(length);
    }

    static ByteBuffer buffer(byte[] bytes) {
        return buffer(bytes.length).put(bytes).flip();
    }

    static void write(BlockDevice device, long offset, byte[] bytes, WriteFlag... flags) {
        await(device.write(offset, buffer(bytes), Set.of(flags)));
    }

    static byte[] read(BlockDevice device, long offset, int length) {
        ByteBuffer dst = buffer(length);
        for (int i = 0; i < length; i++) {
            dst.put(i, (byte) 0x5a);
        }
        await(device.read(offset, dst));
        byte[] bytes = new byte[length];
        dst.clear().get(bytes);
        return bytes;
    }

    /** Descriptors of this process that lead to a path that ends so. */
    static long descriptorsOf(Path path) throws IOException {
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            return fds.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).equals(path);
                        } catch (IOException e) {
                            return false;
                        }
                    })
                    .count();
        }
    }
}
