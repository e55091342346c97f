package dev.weir.storage.graph;

import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.Extent;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Writes to all children and reads from the first. */
final class MirrorDevice implements BlockDevice {
    private final List<BlockNode> children;

    MirrorDevice(List<BlockNode> children) {
        this.children = children;
    }

    @Override
    public BlockLimits limits() {
        return BlockLimits.BYTES;
    }

    @Override
    public List<BlockNode> children() {
        return children;
    }

    @Override
    public Permissions childPermissions(BlockNode child, Permissions permissions) {
        return permissions;
    }

    @Override
    public Mono<Void> permissionsChanged(Permissions permissions) {
        return Mono.empty();
    }

    @Override
    public long length() {
        return children.get(0).length();
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return children.get(0).read(offset, dst);
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return Flux.fromIterable(children)
                .flatMap(child -> child.write(offset, src.duplicate(), flags))
                .then();
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return Flux.fromIterable(children)
                .flatMap(child -> child.writeZeroes(offset, length, flags))
                .then();
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return Flux.fromIterable(children)
                .flatMap(child -> child.discard(offset, length))
                .then();
    }

    @Override
    public Mono<Void> flush() {
        return Flux.fromIterable(children).flatMap(BlockNode::flush).then();
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        return Flux.fromIterable(children)
                .flatMap(child -> child.truncate(length, prealloc))
                .then();
    }

    @Override
    public Mono<Void> grow(long from, long end, PreallocMode prealloc) {
        return Flux.fromIterable(children)
                .flatMap(child -> child.grow(from, end, prealloc))
                .then();
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return children.get(0).blockStatus(offset, length);
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return children.get(0).allocatedBytes();
    }

    @Override
    public Mono<Void> close() {
        return Mono.empty();
    }
}
