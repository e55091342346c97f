package dev.weir.storage.qcow2;

import java.nio.ByteBuffer;

/** Refcounts in their blocks; those narrower than a byte begin at its low bits. */
final class RefcountCodec {
    private RefcountCodec() {}

    /**
     * @param block big endian
     * @param index of the refcount, counted from byte 0 of the buffer
     * @return unsigned
     */
    static long get(ByteBuffer block, int index, int order) {
        switch (order) {
            case 3:
                return block.get(index) & 0xff;
            case 4:
                return block.getShort(index << 1) & 0xffff;
            case 5:
                return block.getInt(index << 2) & 0xffffffffL;
            case 6:
                return block.getLong(index << 3);
            default:
                return block.get(index >> 3 - order) >> shift(index, order) & (1 << (1 << order)) - 1;
        }
    }

    static void put(ByteBuffer block, int index, int order, long count) {
        switch (order) {
            case 3 -> block.put(index, (byte) count);
            case 4 -> block.putShort(index << 1, (short) count);
            case 5 -> block.putInt(index << 2, (int) count);
            case 6 -> block.putLong(index << 3, count);
            default -> {
                int mask = (1 << (1 << order)) - 1 << shift(index, order);
                int old = block.get(index >> 3 - order) & ~mask;
                block.put(index >> 3 - order, (byte) (old | (int) count << shift(index, order)));
            }
        }
    }

    private static int shift(int index, int order) {
        return (index & (8 >> order) - 1) << order;
    }
}
