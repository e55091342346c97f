package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;

/** Messages written down byte by byte, in little-endian order as on x86-64 and aarch64. */
final class Wire {
    private Wire() {}

    /** The bytes of fields in hexadecimal, spaces ignored. */
    static byte[] bytes(String... fields) {
        return HexFormat.of().parseHex(String.join("", fields).replace(" ", ""));
    }

    /** A direct buffer that holds the fields from {@code at} on and 0xEE everywhere else. */
    static ByteBuffer at(int at, String... fields) {
        byte[] bytes = bytes(fields);
        ByteBuffer buffer = noise(at + bytes.length + 24);
        buffer.put(at, bytes);
        return buffer;
    }

    /** A direct buffer full of 0xEE: whoever forgets to write a padding field leaves a trace. */
    static ByteBuffer noise(int capacity) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(capacity).order(ByteOrder.nativeOrder());
        for (int i = 0; i < capacity; i++) {
            buffer.put(i, (byte) 0xEE);
        }
        return buffer;
    }

    /** A request of an opcode whose header is right and whose {@code rest} bytes after the header are zero. */
    static ByteBuffer request(int opcode, int rest) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(40 + rest).order(ByteOrder.nativeOrder());
        buffer.putInt(0, 40 + rest);
        buffer.putInt(4, opcode);
        buffer.putLong(8, 0x1234);
        buffer.putLong(16, 1);
        if (opcode == FuseOpcode.FALLOCATE.code() && rest >= 24) {
            buffer.putLong(40 + 16, 1);
        }
        if (opcode == FuseOpcode.WRITE.code() && rest >= 40) {
            buffer.putInt(40 + 16, rest - 40);
        }
        return buffer;
    }
}
