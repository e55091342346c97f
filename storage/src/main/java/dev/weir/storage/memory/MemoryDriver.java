package dev.weir.storage.memory;

import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import dev.weir.storage.spi.ProtocolDriver;
import reactor.core.publisher.Mono;

/**
 * {@code memory}: a sparse device in memory outside of the heap that completes on the caller's thread while there is memory. Option: {@code size} in bytes. Memory
 * is taken in chunks of 64 KiB, by the first write, and given back by discards.
 */
public final class MemoryDriver implements ProtocolDriver {
    private static final Option<Long> SIZE = Option.requiredBytes("size");

    @Override
    public OptionSchema options() {
        return OptionSchema.of(SIZE);
    }

    @Override
    public String name() {
        return "memory";
    }

    @Override
    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
        return Mono.fromSupplier(
                () -> new MemoryDevice(options.get(SIZE), ChunkMemory.ofJvm(), context.blockingExecutor()));
    }

    /** The data stays, and the length that it has. */
    @Override
    public Mono<BlockDevice> reopen(BlockDevice present, OptionReader options, OpenContext context) {
        return Mono.just(present);
    }
}
