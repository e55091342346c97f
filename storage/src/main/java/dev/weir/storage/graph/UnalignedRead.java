package dev.weir.storage.graph;

import dev.weir.storage.BlockLimits;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.BouncePool;
import dev.weir.storage.spi.StepRequest;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** A read that is larger than the device takes, or not aligned: whole blocks go straight, the others by a bounce buffer. */
final class UnalignedRead extends StepRequest {
    private final BlockDevice device;
    private final BlockLimits limits;
    private final BouncePool pool;
    private final ByteBuffer dst;
    private final int base;
    private final long offset;
    private final long end;
    private long at;
    private @Nullable ByteBuffer bounce;
    private int bounced;

    UnalignedRead(
            BlockDevice device,
            BlockLimits limits,
            BouncePool pool,
            long offset,
            ByteBuffer dst,
            CoreSubscriber<? super Void> actual) {
        super(actual);
        this.device = device;
        this.limits = limits;
        this.pool = pool;
        this.dst = dst;
        this.base = dst.position();
        this.offset = offset;
        this.end = offset + dst.remaining();
        this.at = offset;
    }

    @Override
    @Nullable
    protected Mono<Void> next() {
        if (bounced > 0 && bounce != null) {
            int surplus = (int) (at & (limits.requestAlignment() - 1));
            dst.put(index(at), bounce.clear(), surplus, bounced);
            at += bounced;
            bounced = 0;
        }
        if (at == end) {
            return null;
        }
        long mask = limits.requestAlignment() - 1L;
        long block = at & ~mask;
        long whole = (end & ~mask) - at;
        if (at == block && whole > 0 && Alignment.inMemory(limits, dst, index(at))) {
            int length = (int) Math.min(whole, limits.maxTransfer());
            ByteBuffer part = length == end - offset ? dst : dst.slice(index(at), length);
            long from = at;
            at += length;
            return device.read(from, part);
        }
        long blocks = ((end + mask) & ~mask) - block;
        int length = (int) Math.min(blocks, Alignment.bounceSize(limits, blocks));
        if (at != block && blocks > BouncePool.SMALL) {
            length = limits.requestAlignment();
        }
        if (bounce != null && bounce.capacity() < length) {
            pool.give(bounce);
            bounce = null;
        }
        if (bounce == null) {
            bounce = pool.take(length, limits.memoryAlignment());
        }
        bounced = (int) (Math.min(end, block + length) - at);
        bounce.clear().limit(length);
        return device.read(block, bounce);
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
