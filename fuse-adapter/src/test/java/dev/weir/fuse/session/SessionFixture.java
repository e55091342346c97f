package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.KernelCache;
import dev.weir.fuse.device.FuseDevice;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.spi.BlockDevice;
import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SelectStrategy;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.IntSupplier;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.internal.PlatformDependent;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A session on event loops of its own, over a block graph, with scripted devices for a kernel. After each test it is
 * closed, and must leave no request, no buffer and no direct memory behind.
 */
final class SessionFixture implements BeforeEachCallback, AfterEachCallback {
    static final int BACKING_ID = 7;

    private static final int LOOPS = 2;

    private final long memoryWithoutLoops = PlatformDependent.usedDirectMemory();
    private final BlockGraph graph = BlockGraph.builder().build();
    private final List<ScriptedFuseDevice> kernels = new ArrayList<>();
    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(
            LOOPS, new DefaultThreadFactory("session-loop", true), EpollIoHandler.newFactory(0, () -> this::wait));
    private volatile int dying = -1;
    private final List<IoEventLoop> loops = new ArrayList<>();
    private long memoryOfLoop;

    private boolean writable = true;
    private boolean growable;
    private boolean writethrough;
    private boolean allowOther;
    private KernelCache kernelCache = KernelCache.OFF;
    private Boolean passthrough;
    private long maxBytes = 64 << 20;
    private boolean spareQueues;
    private int maxRequests = 1024;
    private int queues = 1;
    private int maxTransfer = 128 << 10;
    private volatile boolean outOfMemory;
    private long maxBytesOfAll = 512 << 20;
    private BufferMemory memory;

    private BlockNode node;
    private BlockBackend backend;
    private FuseSession session;
    private FuseSession second;

    SessionFixture readOnly() {
        writable = false;
        return this;
    }

    SessionFixture growable() {
        growable = true;
        return this;
    }

    SessionFixture writethrough() {
        writethrough = true;
        return this;
    }

    SessionFixture allowOther() {
        allowOther = true;
        return this;
    }

    SessionFixture kernelCache(KernelCache cache) {
        kernelCache = cache;
        return this;
    }

    /** With a file that was registered with the kernel. */
    SessionFixture passthrough(boolean direct) {
        passthrough = direct;
        return this;
    }

    SessionFixture budget(long bytes, int requests) {
        maxBytes = bytes;
        maxRequests = requests;
        return this;
    }

    /** What all sessions have together. */
    SessionFixture budgetOfAll(long bytes) {
        maxBytesOfAll = bytes;
        return this;
    }

    SessionFixture queues(int count) {
        queues = count;
        return this;
    }

    /** Queues but the first listen only while there is more than one can do. */
    SessionFixture spareQueues() {
        spareQueues = true;
        return this;
    }

    SessionFixture maxTransfer(int bytes) {
        maxTransfer = bytes;
        return this;
    }

    /** Serves a sparse device in memory. */
    ScriptedFuseDevice serve(long size) {
        return serve(graph.add(NodeOptions.driver("memory").set("size", size).build())
                .block());
    }

    ScriptedFuseDevice serve(BlockDevice device) {
        return serve(graph.add("custom", device).block());
    }

    private ScriptedFuseDevice serve(BlockNode served) {
        prepare(served);
        await(session.start());
        return kernels.get(0);
    }

    /** All but the start. */
    ScriptedFuseDevice prepare(BlockNode served) {
        node = served;
        backend = attach();
        List<FuseDevice> devices = new ArrayList<>();
        List<IoEventLoop> on = new ArrayList<>();
        for (int i = 0; i < queues; i++) {
            var kernel = new ScriptedFuseDevice();
            kernels.add(kernel);
            devices.add(kernel.device());
            on.add(loop(i));
        }
        memory = new BufferMemory(maxBytesOfAll, this::buffer);
        session = new FuseSession(
                options(),
                new FuseHandshake.Agreement(45, 0, maxTransfer),
                backend,
                devices,
                on,
                admit(queues),
                passthrough == null ? null : new PassthroughFile(devices.get(0), backend, BACKING_ID, passthrough));
        return kernels.get(0);
    }

    private BlockBackend attach() {
        return graph.attach(node, (writable ? Permissions.WRITE : Permissions.READ).sharingAll())
                .block();
    }

    /** Serves what is served already once more, as another export of the node; its kernel is returned. */
    ScriptedFuseDevice serveAgain() {
        var kernel = new ScriptedFuseDevice();
        kernels.add(kernel);
        second = new FuseSession(
                options(),
                new FuseHandshake.Agreement(45, 0, maxTransfer),
                attach(),
                List.of(kernel.device()),
                List.of(loop(1)),
                admit(1),
                null);
        await(second.start());
        return kernel;
    }

    /** From now on there is memory for new buffers, or none. */
    void outOfMemory(boolean none) {
        outOfMemory = none;
    }

    private int wait(IntSupplier now, boolean hasTasks) throws Exception {
        if (dying >= 0 && loop(dying).inEventLoop()) {
            throw new AssertionError("made up: the thread of an event loop dies");
        }
        return hasTasks ? now.get() : SelectStrategy.SELECT;
    }

    /** Has the thread of an event loop end as if Netty had a defect. */
    void killLoop(int index) throws InterruptedException {
        dying = index;
        loop(index).execute(() -> {});
        loop(index).terminationFuture().await();
    }

    private BufferMemory.Admission admit(int queues) {
        try {
            return memory.admit(queues, maxTransfer);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    BufferMemory memory() {
        return memory;
    }

    private BounceBuffer buffer(int capacity) {
        if (outOfMemory) {
            throw new OutOfMemoryError("made up");
        }
        return new BounceBuffer(capacity);
    }

    private FuseSessionOptions options() {
        return new FuseSessionOptions(
                "test",
                writable,
                growable,
                writethrough,
                allowOther,
                1000,
                1000,
                kernelCache != KernelCache.OFF,
                kernelCache == KernelCache.ON,
                false,
                spareQueues,
                maxBytes,
                maxRequests);
    }

    ScriptedFuseDevice kernel(int queue) {
        return kernels.get(queue);
    }

    FuseSession session() {
        return session;
    }

    /** The session of {@link #serveAgain}. */
    FuseSession second() {
        return second;
    }

    BlockGraph graph() {
        return graph;
    }

    BlockNode node() {
        return node;
    }

    BlockBackend backend() {
        return backend;
    }

    IoEventLoop loop(int queue) {
        return loops.get(queue % LOOPS);
    }

    MultiThreadIoEventLoopGroup group() {
        return group;
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        group.forEach(loop -> loops.add((IoEventLoop) loop));
        for (int i = 0; i < LOOPS; i++) {
            onLoop(i, () -> null);
        }
        memoryOfLoop = (PlatformDependent.usedDirectMemory() - memoryWithoutLoops) / LOOPS;
    }

    @Override
    public void afterEach(ExtensionContext context) throws InterruptedException {
        try {
            if (second != null) {
                await(second.quiesce());
                await(second.close());
                assertThat(second.inFlight()).as("requests in flight").isZero();
            }
            if (session != null) {
                await(session.quiesce());
                await(session.close());
                assertThat(session.inFlight()).as("requests in flight").isZero();
                assertThat(session.inFlightBytes()).as("lent bytes").isZero();
                assertThat(memory.allocatedBytes()).as("bytes of buffers").isZero();
                assertThat(memory.budget().free()).as("shared budget").isEqualTo(maxBytesOfAll);
                assertThat(session.unanswered()).as("unanswered requests").isEmpty();
            }
            kernels.forEach(ScriptedFuseDevice::close);
            graph.close().block(ScriptedFuseDevice.PATIENCE);
            assertThat(PlatformDependent.usedDirectMemory())
                    .as("direct memory")
                    .isEqualTo(memoryWithoutLoops + memoryOfLoop * livingLoops());
        } finally {
            group.shutdownGracefully(0, 0, TimeUnit.SECONDS).await(5, TimeUnit.SECONDS);
        }
    }

    private long livingLoops() {
        return loops.stream().filter(loop -> !loop.isTerminated()).count();
    }

    /** Runs something on the loop of a queue, after all that it has to do. */
    <T> T onLoop(int index, Callable<T> action) {
        try {
            return loop(index).submit(action).get(5, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Processor time that a loop thread uses in a while: a loop with nothing to do uses next to none. */
    Duration idleTime(int index, Duration while_) throws InterruptedException {
        long thread = onLoop(index, () -> Thread.currentThread().getId());
        var threads = ManagementFactory.getThreadMXBean();
        long before = threads.getThreadCpuTime(thread);
        Thread.sleep(while_.toMillis());
        return Duration.ofNanos(threads.getThreadCpuTime(thread) - before);
    }

    /** Threads that take tasks without a lock, so that a loop can hand them out. */
    static ExecutorService threads(int count) {
        var threads = new ThreadPoolExecutor(count, count, 0, TimeUnit.SECONDS, new LinkedTransferQueue<>());
        threads.prestartAllCoreThreads();
        return threads;
    }

    static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(5, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("does not end", e);
        }
    }

    /** Waits until something holds. */
    static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + ScriptedFuseDevice.PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("never happened: " + what);
            }
            Thread.yield();
        }
    }
}
