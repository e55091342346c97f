package dev.weir.storage.qcow2;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The header of a Zstandard frame (RFC 8878, 3.1.1.1). */
final class ZstdFrame {
    private static final int MAGIC = 0xfd2fb528;
    private static final int SINGLE_SEGMENT = 1 << 5;

    private ZstdFrame() {}

    /**
     * How many bytes of memory the frame that begins at the buffer's position asks for; 0 where none begins there, which a
     * decoder finds out for itself. Position and limit stay.
     */
    static long windowSize(ByteBuffer frame) {
        ByteBuffer header = frame.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        if (header.remaining() < 6 || header.getInt() != MAGIC) {
            return 0;
        }
        int descriptor = header.get() & 0xff;
        if ((descriptor & SINGLE_SEGMENT) == 0) {
            int window = header.get() & 0xff;
            long base = 1L << 10 + (window >>> 3);
            return base + base / 8 * (window & 7);
        }
        header.position(header.position() + new int[] {0, 1, 2, 4}[descriptor & 3]);
        int bytes = 1 << (descriptor >>> 6);
        if (header.remaining() < bytes) {
            return 0;
        }
        return switch (bytes) {
            case 1 -> header.get() & 0xff;
            case 2 -> (header.getShort() & 0xffff) + 256;
            case 4 -> header.getInt() & 0xffff_ffffL;
            default -> header.getLong() >>> 1;
        };
    }
}
