package dev.weir.storage.raw;

import dev.weir.storage.BackingFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.Extent;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.ResidentReader;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** Passes every request to its child, at another offset. The child's node sees to alignment. */
class RawDevice implements BlockDevice {
    static final long UP_TO_THE_END = -1;

    private final BlockNode file;
    private final long offset;
    private final long size;
    private final BlockLimits limits;

    RawDevice(BlockNode file, long offset, long size) {
        this.file = file;
        this.offset = offset;
        this.size = size;
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
    public @Nullable BackingFile backingFile() {
        return offset == 0 && size == UP_TO_THE_END ? file.backingFile() : null;
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
        return size == UP_TO_THE_END ? Math.max(0, file.length() - offset) : size;
    }

    @Override
    public Mono<Void> read(long at, ByteBuffer dst) {
        return file.read(offset + at, dst);
    }

    @Override
    public Mono<Void> write(long at, ByteBuffer src, Set<WriteFlag> flags) {
        return file.write(offset + at, src, flags);
    }

    @Override
    public void startRead(long at, ByteBuffer dst, CoreSubscriber<? super Void> actual) {
        file.startRead(offset + at, dst, actual);
    }

    @Override
    public void startWrite(long at, ByteBuffer src, Set<WriteFlag> flags, CoreSubscriber<? super Void> actual) {
        file.startWrite(offset + at, src, flags, actual);
    }

    @Override
    public boolean showResident(long at, int length, ResidentReader reader) {
        return file.showResident(offset + at, length, reader);
    }

    @Override
    public Mono<Void> writeZeroes(long at, long length, Set<WriteFlag> flags) {
        return file.writeZeroes(offset + at, length, flags);
    }

    @Override
    public Mono<Void> discard(long at, long length) {
        return file.discard(offset + at, length);
    }

    @Override
    public Mono<Void> flush() {
        return file.flush();
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        return resize(length, () -> file.truncate(offset + length, prealloc));
    }

    @Override
    public Mono<Void> grow(long from, long end, PreallocMode prealloc) {
        return resize(end, () -> file.grow(offset + from, offset + end, prealloc));
    }

    private Mono<Void> resize(long length, Supplier<Mono<Void>> operation) {
        if (size != UP_TO_THE_END) {
            return Mono.error(BlockException.of(BlockErrorKind.UNSUPPORTED, "Cannot resize fixed-size raw disks"));
        }
        if (length > Long.MAX_VALUE - offset) {
            return Mono.error(BlockException.of(BlockErrorKind.INVALID, "Disk size too large for the chosen offset"));
        }
        return operation.get();
    }

    @Override
    public Mono<Extent> blockStatus(long at, long length) {
        return file.blockStatus(offset + at, length)
                .map(extent -> offset == 0 ? extent : new Extent(at, extent.length(), extent.data(), extent.zero()));
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return file.allocatedBytes();
    }

    @Override
    public Mono<Void> close() {
        return Mono.empty();
    }
}
