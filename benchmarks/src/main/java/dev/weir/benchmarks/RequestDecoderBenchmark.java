package dev.weir.benchmarks;

import dev.weir.fuse.protocol.DecodeResult;
import dev.weir.fuse.protocol.FuseProtocol;
import dev.weir.fuse.protocol.FuseReadIn;
import dev.weir.fuse.protocol.FuseRequest;
import dev.weir.fuse.protocol.FuseRequestDecoder;
import dev.weir.fuse.protocol.FuseWriteIn;
import java.nio.ByteBuffer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.infra.Blackhole;

/** One message decoded, and the fields read that a handler needs. */
public class RequestDecoderBenchmark extends BenchmarkSettings {
    private static final int LARGEST = 1 << 20;
    private static final int SMALL = 4096;
    private static final long OFFSET = 123L << 20;

    private final FuseRequestDecoder decoder =
            new FuseRequestDecoder(LARGEST + FuseProtocol.WRITE_DATA_AT, LARGEST, LARGEST);
    private final FuseRequest request = new FuseRequest();
    private final ByteBuffer read = KernelMessages.buffer(FuseProtocol.WRITE_DATA_AT);
    private final ByteBuffer smallWrite = KernelMessages.buffer(FuseProtocol.WRITE_DATA_AT + SMALL);
    private final ByteBuffer largeWrite = KernelMessages.buffer(FuseProtocol.WRITE_DATA_AT + LARGEST);
    private final ByteBuffer getattr = KernelMessages.buffer(FuseProtocol.WRITE_DATA_AT);

    @Setup
    public void encode() {
        KernelMessages.read(read, 2, OFFSET, SMALL);
        KernelMessages.write(smallWrite, 4, OFFSET, SMALL);
        KernelMessages.write(largeWrite, 6, OFFSET, LARGEST);
        KernelMessages.getattr(getattr, 8);
    }

    @Benchmark
    public long read(Blackhole sink) {
        decode(read);
        sink.consume(FuseReadIn.size(request.body(), request.bodyAt()));
        return FuseReadIn.offset(request.body(), request.bodyAt());
    }

    @Benchmark
    public long write4k(Blackhole sink) {
        return write(smallWrite, sink);
    }

    @Benchmark
    public long write1m(Blackhole sink) {
        return write(largeWrite, sink);
    }

    @Benchmark
    public long getattr() {
        decode(getattr);
        return request.unique();
    }

    private long write(ByteBuffer message, Blackhole sink) {
        decode(message);
        sink.consume(request.payloadLength());
        sink.consume(FuseWriteIn.size(request.body(), request.bodyAt()));
        return FuseWriteIn.offset(request.body(), request.bodyAt());
    }

    private void decode(ByteBuffer message) {
        DecodeResult result = decoder.decode(request, message, 0, message.getInt(0));
        if (result != DecodeResult.OK) {
            throw new IllegalStateException("not decoded: " + result);
        }
    }
}
