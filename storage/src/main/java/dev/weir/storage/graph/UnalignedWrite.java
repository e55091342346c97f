package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.BouncePool;
import dev.weir.storage.spi.StepRequest;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * A write that is larger than the device takes, or not aligned: whole blocks go straight, or by a bounce buffer where
 * memory is not aligned; blocks that are written in part are read, changed and written back. Whoever starts it holds the
 * blocks locked where they are changed in part.
 */
final class UnalignedWrite extends StepRequest {
    private final BlockDevice device;
    private final BlockLimits limits;
    private final BouncePool pool;
    private final ByteBuffer src;
    private final Set<WriteFlag> flags;
    private final int base;
    private final long offset;
    private final long end;
    private long at;
    private @Nullable ByteBuffer bounce;
    private int changing;

    UnalignedWrite(
            BlockDevice device,
            BlockLimits limits,
            BouncePool pool,
            long offset,
            ByteBuffer src,
            Set<WriteFlag> flags,
            CoreSubscriber<? super Void> actual) {
        super(actual);
        this.device = device;
        this.limits = limits;
        this.pool = pool;
        this.src = src;
        this.flags = flags;
        this.base = src.position();
        this.offset = offset;
        this.end = offset + src.remaining();
        this.at = offset;
    }

    @Override
    @Nullable
    protected Mono<Void> next() {
        int alignment = limits.requestAlignment();
        long block = Alignment.down(at, alignment);
        if (changing > 0 && bounce != null) {
            return writeBack(block, bounce);
        }
        if (at == end) {
            return null;
        }
        if (at == offset && end > device.length()) {
            // The node shrank while the request waited for its range.
            throw BlockException.of(
                    BlockErrorKind.OUT_OF_RANGE, "A write at " + offset + " lies outside of what the node has become");
        }
        long blocks = Alignment.up(end, alignment) - block;
        long whole = Alignment.down(end, alignment) - at;
        boolean small = blocks <= Math.min(BouncePool.SMALL, limits.maxTransfer());
        boolean partial = block != at || whole <= 0 || (small && Alignment.up(end, alignment) != end);
        if (partial) {
            changing = small ? (int) blocks : alignment;
            return device.read(block, borrow(changing));
        }
        if (Alignment.inMemory(limits, src, index(at))) {
            int length = (int) Math.min(whole, limits.maxTransfer());
            ByteBuffer part = length == end - offset ? src : src.slice(index(at), length);
            at += length;
            return device.write(block, part, flags);
        }
        ByteBuffer copy = borrow((int) Math.min(whole, Alignment.bounceSize(limits, whole)));
        copy.put(0, src, index(at), copy.limit());
        at += copy.limit();
        return device.write(block, copy, flags);
    }

    private Mono<Void> writeBack(long block, ByteBuffer blocks) {
        int length = (int) (Math.min(end, block + changing) - at);
        blocks.clear().limit(changing);
        blocks.put((int) (at - block), src, index(at), length);
        at += length;
        changing = 0;
        return device.write(block, blocks, flags);
    }

    private ByteBuffer borrow(int length) {
        if (bounce != null && bounce.capacity() < length) {
            pool.give(bounce);
            bounce = null;
        }
        if (bounce == null) {
            bounce = pool.take(length, limits.memoryAlignment());
        }
        return bounce.clear().limit(length);
    }

    @Override
    protected void ended() {
        if (bounce != null) {
            pool.give(bounce);
        }
    }

    private int index(long position) {
        return base + (int) (position - offset);
    }
}
