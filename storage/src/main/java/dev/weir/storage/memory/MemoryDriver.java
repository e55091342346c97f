package dev.weir.storage.memory;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.ProtocolDriver;
import reactor.core.publisher.Mono;

/**
 * {@code memory}: a sparse device in memory outside of the heap that completes on the caller's thread while there is memory. Option: {@code size} in bytes. Memory
 * is taken in chunks of 64 KiB, by the first write, and given back by discards.
 */
public final class MemoryDriver implements ProtocolDriver {
    @Override
    public String name() {
        return "memory";
    }

    @Override
    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
        return Mono.fromSupplier(
                () -> new MemoryDevice(size(options), ChunkMemory.ofJvm(), context.blockingExecutor()));
    }

    /** The data stays, and the length that it has. */
    @Override
    public Mono<BlockDevice> reopen(BlockDevice present, OptionReader options, OpenContext context) {
        return Mono.fromSupplier(() -> {
            size(options);
            return present;
        });
    }

    private static long size(OptionReader options) {
        return options.bytes("size")
                .orElseThrow(() -> BlockException.of(BlockErrorKind.INVALID, "Parameter 'size' is missing"));
    }
}
