package dev.weir.benchmarks;

import dev.weir.fuse.protocol.FuseOpcode;
import dev.weir.fuse.protocol.FuseProtocol;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Requests as the kernel sends them, with every field that it fills: the other half of the codec. */
final class KernelMessages {
    /** Bytes of {@code struct fuse_in_header}. */
    static final int IN_HEADER = 40;

    private static final int BODY = IN_HEADER;
    private static final int PID = 4711;
    private static final int FILE_HANDLE = 0;
    private static final int O_RDWR_DIRECT_LARGEFILE = 0x4000 | 0x8000 | 2;

    private KernelMessages() {}

    /** Memory for one message. */
    static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    /** A READ of {@code size} bytes; returns its length. */
    static int read(ByteBuffer buffer, long unique, long offset, int size) {
        transfer(buffer, offset, size);
        return header(buffer, FuseOpcode.READ, unique, FuseProtocol.WRITE_DATA_AT);
    }

    /** A WRITE of {@code size} bytes, whatever they are; returns its length, payload included. */
    static int write(ByteBuffer buffer, long unique, long offset, int size) {
        transfer(buffer, offset, size);
        return header(buffer, FuseOpcode.WRITE, unique, FuseProtocol.WRITE_DATA_AT + size);
    }

    /** A GETATTR; returns its length. */
    static int getattr(ByteBuffer buffer, long unique) {
        buffer.putLong(BODY, 0).putLong(BODY + 8, FILE_HANDLE);
        return header(buffer, FuseOpcode.GETATTR, unique, IN_HEADER + 16);
    }

    /** {@code fuse_read_in} and {@code fuse_write_in} have their fields at the same places. */
    private static void transfer(ByteBuffer buffer, long offset, int size) {
        buffer.putLong(BODY, FILE_HANDLE)
                .putLong(BODY + 8, offset)
                .putInt(BODY + 16, size)
                .putInt(BODY + 20, 0)
                .putLong(BODY + 24, 0)
                .putInt(BODY + 32, O_RDWR_DIRECT_LARGEFILE)
                .putInt(BODY + 36, 0);
    }

    private static int header(ByteBuffer buffer, FuseOpcode opcode, long unique, int length) {
        buffer.putInt(0, length)
                .putInt(4, opcode.code())
                .putLong(8, unique)
                .putLong(16, FuseProtocol.ROOT_ID)
                .putInt(24, 0)
                .putInt(28, 0)
                .putInt(32, PID)
                .putInt(36, 0);
        return length;
    }
}
