package dev.weir.storage.qcow2;

import java.nio.ByteBuffer;

/** A refcount block in memory. Under the metadata lock. */
final class RefcountBlock extends CachedTable {
    private final int index;
    private final int order;

    /** As in the file: numbers of a byte and more are big endian, smaller ones begin at the lowest bit. */
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
        return switch (order) {
            case 0, 1, 2 -> {
                int width = 1 << order;
                int bit = number << order;
                yield bytes.get(bit >>> 3) >>> (bit & 7) & (1 << width) - 1;
            }
            case 3 -> bytes.get(number) & 0xff;
            case 4 -> bytes.getShort(number * 2) & 0xffff;
            case 5 -> bytes.getInt(number * 4) & 0xffff_ffffL;
            default -> bytes.getLong(number * 8);
        };
    }

    void put(int number, long refcount) {
        switch (order) {
            case 0, 1, 2 -> {
                int bit = number << order;
                int mask = (1 << (1 << order)) - 1 << (bit & 7);
                int others = bytes.get(bit >>> 3) & ~mask;
                bytes.put(bit >>> 3, (byte) (others | (int) refcount << (bit & 7)));
            }
            case 3 -> bytes.put(number, (byte) refcount);
            case 4 -> bytes.putShort(number * 2, (short) refcount);
            case 5 -> bytes.putInt(number * 4, (int) refcount);
            default -> bytes.putLong(number * 8, refcount);
        }
        dirty(true);
    }

    ByteBuffer copy() {
        return ByteBuffer.allocateDirect(bytes.capacity())
                .put(bytes.duplicate().clear())
                .flip();
    }
}
