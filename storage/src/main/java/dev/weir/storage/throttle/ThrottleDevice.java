package dev.weir.storage.throttle;

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
import reactor.core.publisher.Mono;

/** Passes every request to its child; those that move data, when the group lets them. The child's node sees to alignment. */
final class ThrottleDevice implements BlockDevice {
    private final BlockNode file;
    private final ThrottleMember member;
    private final BlockLimits limits;

    ThrottleDevice(BlockNode file, ThrottleMember member) {
        this.file = file;
        this.member = member;
        this.limits =
                new BlockLimits(1, 1, BlockLimits.MAX_TRANSFER, 1, file.limits().optimalTransfer());
    }

    @Override
    public BlockLimits limits() {
        return limits;
    }

    @Override
    public List<BlockNode> children() {
        return List.of(file);
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
        return file.length();
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return member.throttle(false, dst.remaining(), file.read(offset, dst));
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return member.throttle(true, src.remaining(), file.write(offset, src, flags));
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return member.throttle(true, length, file.writeZeroes(offset, length, flags));
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return member.throttle(true, length, file.discard(offset, length));
    }

    @Override
    public Mono<Void> flush() {
        return file.flush();
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        return file.truncate(length, prealloc);
    }

    @Override
    public Mono<Void> grow(long from, long end, PreallocMode prealloc) {
        return file.grow(from, end, prealloc);
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return file.blockStatus(offset, length);
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return file.allocatedBytes();
    }

    @Override
    public void drainedBegin() {
        member.drainedBegin();
    }

    @Override
    public void drainedEnd() {
        member.drainedEnd();
    }

    @Override
    public Mono<Void> close() {
        return Mono.fromRunnable(member::leave);
    }
}
