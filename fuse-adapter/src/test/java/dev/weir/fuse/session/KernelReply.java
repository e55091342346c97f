package dev.weir.fuse.session;

import dev.weir.fuse.protocol.Errno;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A reply as the kernel reads it, with assertions that show its bytes when they fail. The places of {@link #u32} and
 * {@link #u64} count from the end of the header.
 */
final class KernelReply {
    private static final int HEADER = 16;

    private final byte[] bytes;
    private final ByteBuffer view;

    KernelReply(byte[] bytes) {
        this.bytes = bytes;
        this.view = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        if (bytes.length < HEADER || view.getInt(0) != bytes.length) {
            throw failed("a reply is its header long at least, and as long as it says");
        }
        if (view.getInt(4) > 0 || (view.getInt(4) < 0 && bytes.length != HEADER)) {
            throw failed("an error is negative, and comes without a body");
        }
    }

    long unique() {
        return view.getLong(8);
    }

    boolean isError() {
        return view.getInt(4) != 0;
    }

    /** The body, without the header. */
    byte[] body() {
        return Arrays.copyOfRange(bytes, HEADER, bytes.length);
    }

    int u16(int at) {
        return Short.toUnsignedInt(view.getShort(HEADER + at));
    }

    int u32(int at) {
        return view.getInt(HEADER + at);
    }

    long u64(int at) {
        return view.getLong(HEADER + at);
    }

    KernelReply answers(KernelRequest request) {
        if (unique() != request.unique()) {
            throw failed("expected the reply to " + request);
        }
        return this;
    }

    KernelReply succeeds() {
        if (isError()) {
            throw failed("expected success");
        }
        return this;
    }

    /** Success and a body of that many bytes. */
    KernelReply succeeds(int bodyLength) {
        if (isError() || bytes.length != HEADER + bodyLength) {
            throw failed("expected success with " + bodyLength + " bytes");
        }
        return this;
    }

    /** Success and exactly this body. */
    KernelReply succeedsWith(byte[] body) {
        if (isError() || !Arrays.equals(bytes, HEADER, bytes.length, body, 0, body.length)) {
            throw failed("expected success with\n" + dump(body, 0));
        }
        return this;
    }

    KernelReply fails(Errno errno) {
        if (view.getInt(4) != -errno.code()) {
            throw failed("expected " + errno);
        }
        return this;
    }

    /** The reply to a WRITE that wrote so many bytes. */
    KernelReply wrote(int size) {
        if (succeeds(8).u32(0) != size) {
            throw failed("expected " + size + " bytes written");
        }
        return this;
    }

    /** The reply to an LSEEK that came to an offset. */
    KernelReply found(long offset) {
        if (succeeds(8).u64(0) != offset) {
            throw failed("expected offset " + offset);
        }
        return this;
    }

    private AssertionError failed(String expectation) {
        return new AssertionError(expectation + ", got\n" + this);
    }

    @Override
    public String toString() {
        int error = bytes.length >= HEADER ? view.getInt(4) : 0;
        return (error < 0 ? Errno.of(-error) + " " : "") + bytes.length + " bytes\n" + dump(bytes, 0);
    }

    /** Rows of 16 bytes, the first kilobyte. */
    static String dump(byte[] bytes, int from) {
        var text = new StringBuilder();
        for (int row = from; row < bytes.length && row < from + 1024; row += 16) {
            text.append(String.format("%06x ", row));
            for (int i = row; i < Math.min(bytes.length, row + 16); i++) {
                text.append(String.format(i % 8 == 0 ? "  %02x" : " %02x", bytes[i]));
            }
            text.append('\n');
        }
        return text.append(bytes.length > from + 1024 ? "...\n" : "").toString();
    }
}
