package dev.weir.storage.spi;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.Extent;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import java.util.List;
import java.util.Set;
import reactor.core.publisher.Mono;

/**
 * A base for devices without children. What is left to write is {@code length}, {@code read}, {@code write} and
 * {@code flush}; the other operations are unsupported until they are overridden, and the node does without them.
 */
public abstract class ProtocolDevice implements BlockDevice {
    @Override
    public BlockLimits limits() {
        return BlockLimits.BYTES;
    }

    @Override
    public final List<BlockNode> children() {
        return List.of();
    }

    @Override
    public final Permissions childPermissions(BlockNode child, Permissions permissions) {
        throw new IllegalStateException("a protocol device has no children");
    }

    @Override
    public Mono<Void> permissionsChanged(Permissions permissions) {
        return Mono.empty();
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return unsupported("writeZeroes");
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return unsupported("discard");
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        return unsupported("truncate");
    }

    /** By {@link #truncate}: nobody else resizes what has no children. */
    @Override
    public Mono<Void> grow(long from, long end, PreallocMode prealloc) {
        return truncate(end, prealloc);
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return Mono.just(Extent.data(offset, length));
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return Mono.just(length());
    }

    @Override
    public Mono<Void> close() {
        return Mono.empty();
    }

    private static <T> Mono<T> unsupported(String operation) {
        return Mono.error(
                BlockException.of(BlockErrorKind.UNSUPPORTED, operation + " is not supported by this device"));
    }
}
