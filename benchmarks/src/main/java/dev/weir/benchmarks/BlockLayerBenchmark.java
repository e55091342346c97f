package dev.weir.benchmarks;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.WriteFlag;
import java.io.IOException;
import java.nio.file.Path;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Random reads and writes of a backend, through a raw node and its protocol node, with {@code depth} requests in flight
 * all the time. The reciprocal of the time is the throughput of one submitting thread; at depth 1 it is the latency.
 */
public class BlockLayerBenchmark extends BenchmarkSettings {
    /** The protocol node below. */
    @Param({"null-co", "memory", "file"})
    public String driver = "";

    /** Bytes of a request. */
    @Param({"4096", "1048576"})
    public int size;

    /** Requests in flight. */
    @Param({"1", "32"})
    public int depth;

    /** Where the image file is; meant to be in memory, so that no disk is measured. */
    @Param("/dev/shm")
    public String directory = "";

    private final Offsets offsets = new Offsets();

    @SuppressWarnings("NullAway.Init")
    private RawNode node;

    @SuppressWarnings("NullAway.Init")
    private BlockBackend backend;

    @SuppressWarnings("NullAway.Init")
    private RequestSlots slots;

    @Setup
    public void open() throws IOException {
        node = RawNode.open(driver, Path.of(directory));
        backend = node.backend();
        slots = new RequestSlots(depth, size);
    }

    @Benchmark
    public void read() {
        RequestSlots.Slot slot = slots.take();
        slot.start(backend.read(offsets.next(size), slot.buffer()));
    }

    @Benchmark
    public void write() {
        RequestSlots.Slot slot = slots.take();
        slot.start(backend.write(offsets.next(size), slot.buffer(), WriteFlag.NONE));
    }

    @TearDown(Level.Iteration)
    public void drain() {
        slots.drain();
    }

    @TearDown
    public void close() throws IOException {
        node.close();
    }
}
