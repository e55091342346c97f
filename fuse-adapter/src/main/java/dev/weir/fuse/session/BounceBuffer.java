package dev.weir.fuse.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Memory for one request in flight, laid out so that both directions go without a copy: the payload starts at a page
 * boundary, and the headers of a received WRITE (80 bytes) or of a READ reply (16 bytes) end right before it.
 */
final class BounceBuffer {
    /** Bytes before the payload, for headers. */
    static final int HEADROOM = 128;

    private static final int PAGE = 4096;

    private final ByteBuf memory;
    private final ByteBuffer bytes;
    private final ByteBuffer payload;
    private final long address;
    private final int capacity;

    /** The next buffer of the list that this one is in; owned by whoever owns the list. */
    @Nullable
    BounceBuffer next;

    /** @param capacity bytes of payload, a multiple of the page size */
    BounceBuffer(int capacity) {
        this.capacity = capacity;
        int length = (int) cost(capacity);
        this.memory = UnpooledByteBufAllocator.DEFAULT.directBuffer(length, length);
        long start = memory.memoryAddress();
        int shift = (int) Math.floorMod(-(start + HEADROOM), (long) PAGE);
        this.address = start + shift;
        this.bytes = memory.nioBuffer(shift, HEADROOM + capacity).order(ByteOrder.nativeOrder());
        this.payload = bytes.slice(HEADROOM, capacity).order(ByteOrder.nativeOrder());
    }

    /** What a buffer of that payload capacity takes from the budget. */
    static long cost(int capacity) {
        return (long) HEADROOM + PAGE + capacity;
    }

    long cost() {
        return cost(capacity);
    }

    int capacity() {
        return capacity;
    }

    /** Headroom and payload; the payload starts at {@link #HEADROOM}. Absolute access only. */
    ByteBuffer bytes() {
        return bytes;
    }

    /** The first {@code length} bytes of payload, to be lent to the block layer: the one view that there is. */
    ByteBuffer payload(int length) {
        return payload.clear().limit(length);
    }

    /** Native address of a byte of {@link #bytes()}. */
    long address(int at) {
        return address + at;
    }

    void free() {
        memory.release();
    }
}
