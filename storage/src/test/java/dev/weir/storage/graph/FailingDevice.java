package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.util.Set;
import reactor.core.publisher.Mono;

/** Fails everything. */
final class FailingDevice extends ProtocolDevice {
    private final BlockLimits limits;

    FailingDevice(BlockLimits limits) {
        this.limits = limits;
    }

    @Override
    public BlockLimits limits() {
        return limits;
    }

    @Override
    public long length() {
        return 1 << 20;
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return Mono.error(BlockException.of(BlockErrorKind.NO_SPACE, "scripted"));
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        throw new IllegalStateException("a device that throws instead");
    }

    @Override
    public Mono<Void> flush() {
        return Mono.error(new IllegalStateException("scripted"));
    }
}
