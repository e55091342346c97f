package dev.weir.benchmarks;

import dev.weir.fuse.device.FuseDevice;
import dev.weir.fuse.protocol.FuseProtocol;
import dev.weir.fuse.session.BufferMemory;
import dev.weir.fuse.session.FuseHandshake;
import dev.weir.fuse.session.FuseSession;
import dev.weir.fuse.session.FuseSessionOptions;
import dev.weir.posix.PosixSocket;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Requests from the device to the reply, with {@code depth} of them in flight: queue, decoder, handler, block layer,
 * encoder. A pair of sockets stands in for /dev/fuse, and a null-co node below keeps storage out of it; the time holds
 * four system calls, two of them the benchmark's own.
 */
public class DispatchBenchmark extends BenchmarkSettings {
    private static final int LARGEST = 1 << 20;
    private static final int SMALL = 4096;
    private static final int LARGE = 128 << 10;
    private static final long BUDGET = 64 << 20;

    /** Room for the replies to all that is in flight: a device takes a reply at any time, a socket only while it has. */
    private static final int SOCKET_BYTES = 1 << 20;

    /** Requests in flight. */
    @Param({"1", "32"})
    public int depth;

    private final ByteBuffer message = KernelMessages.buffer(FuseProtocol.WRITE_DATA_AT + LARGE);
    private final ByteBuffer reply = KernelMessages.buffer(2 * SMALL);
    private final Offsets offsets = new Offsets();
    private final MultiThreadIoEventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());

    @SuppressWarnings("NullAway.Init")
    private RawNode node;

    @SuppressWarnings("NullAway.Init")
    private FuseSession session;

    @SuppressWarnings("NullAway.Init")
    private Socket kernel;

    private long unique;
    private int inFlight;

    @Setup
    public void start() throws IOException, InterruptedException {
        node = RawNode.open("null-co", Path.of("."));
        PosixSocket.Pair pair = PosixSocket.messagePair(false);
        kernel = new Socket(pair.first());
        kernel.setSendBufferSize(SOCKET_BYTES);
        new Socket(pair.second()).setSendBufferSize(SOCKET_BYTES);
        var options = new FuseSessionOptions(
                "benchmark", true, false, false, false, 0, 0, false, false, false, false, BUDGET, 1024);
        session = new FuseSession(
                options,
                new FuseHandshake.Agreement(FuseProtocol.MINOR, 0, LARGEST),
                node.backend(),
                List.of(FuseDevice.of(pair.second())),
                List.of(loops.next()),
                new BufferMemory(2 * BUDGET).admit(1, LARGEST),
                null);
        session.start().toCompletableFuture().join();
    }

    @Benchmark
    public void getattr() throws IOException {
        request(KernelMessages.getattr(message, ++unique));
    }

    @Benchmark
    public void read4k() throws IOException {
        request(KernelMessages.read(message, ++unique, offsets.next(SMALL), SMALL));
    }

    @Benchmark
    public void write4k() throws IOException {
        request(KernelMessages.write(message, ++unique, offsets.next(SMALL), SMALL));
    }

    @Benchmark
    public void write128k() throws IOException {
        request(KernelMessages.write(message, ++unique, offsets.next(LARGE), LARGE));
    }

    @TearDown(Level.Iteration)
    public void drain() throws IOException {
        while (inFlight > 0) {
            receive();
        }
    }

    @TearDown
    public void stop() throws IOException {
        session.close().toCompletableFuture().join();
        kernel.close();
        node.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    private void request(int length) throws IOException {
        if (inFlight == depth) {
            receive();
        }
        kernel.write(message, 0, length);
        inFlight++;
    }

    private void receive() throws IOException {
        int received = kernel.read(reply, 0, reply.capacity());
        inFlight--;
        if (received != reply.getInt(0) || reply.getInt(4) != 0) {
            throw new IOException("reply of " + received + " bytes with error " + reply.getInt(4));
        }
    }
}
