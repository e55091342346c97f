package dev.weir.benchmarks;

import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseReplyEncoder;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Benchmark;

/** One reply encoded; the data of a READ is in its place already. */
public class ReplyEncoderBenchmark extends BenchmarkSettings {
    private static final int SIZE = 4096;

    private final ByteBuffer buffer = KernelMessages.buffer(SIZE);
    private long unique;

    @Benchmark
    public int readHeader() {
        return FuseReplyEncoder.dataHeader(buffer, 0, unique += 2, SIZE);
    }

    @Benchmark
    public int write() {
        return FuseReplyEncoder.write(buffer, 0, unique += 2, SIZE);
    }

    @Benchmark
    public int error() {
        return FuseReplyEncoder.error(buffer, 0, unique += 2, Errno.EIO);
    }
}
