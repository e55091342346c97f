package dev.weir.storage.qcow2;

import java.nio.ByteBuffer;

/** A refcount block in memory. Under the metadata lock. */
final class RefcountBlock extends CachedTable {
    private final int index;
    private final int order;

    /** As in the file. */
    private final ByteBuffer bytes;

    RefcountBlock(int index, int order, ByteBuffer bytes) {
        this.index = index;
        this.order = order;
        this.bytes = bytes;
    }

    /** Its place in the refcount table. */
    int index() {
        return index;
    }

    int entries() {
        return (int) ((long) bytes.capacity() * 8 >>> order);
    }

    /** May be negative for a refcount of 64 bits: then it is larger than any that can be. */
    long get(int number) {
        return RefcountCodec.get(bytes, number, order);
    }

    void put(int number, long refcount) {
        RefcountCodec.put(bytes, number, order, refcount);
        dirty(true);
    }

    ByteBuffer copy() {
        return ByteBuffer.allocateDirect(bytes.capacity())
                .put(bytes.duplicate().clear())
                .flip();
    }
}
