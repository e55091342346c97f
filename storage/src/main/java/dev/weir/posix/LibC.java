package dev.weir.posix;

import com.kenai.jffi.LastError;
import com.kenai.jffi.MemoryIO;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * What the typed calls of this package share: errno, structures, strings. Structures are direct buffers in native byte
 * order, laid out by hand where their layout is the same on x86-64 and aarch64.
 */
final class LibC {
    static final LibCCalls CALLS = new LibCCalls();

    private static final MemoryIO MEMORY = MemoryIO.getInstance();
    private static final LastError LAST_ERROR = LastError.getInstance();

    private LibC() {}

    /** The error number of this thread's last call. */
    static int errno() {
        return LAST_ERROR.get();
    }

    /** Fails with the error number of this thread's last call. */
    static PosixException failed(String call) {
        return new PosixException(errno(), call);
    }

    static int check(int result, String call) throws PosixException {
        if (result < 0) {
            throw failed(call);
        }
        return result;
    }

    static long check(long result, String call) throws PosixException {
        if (result < 0) {
            throw failed(call);
        }
        return result;
    }

    /** A zeroed structure. */
    static ByteBuffer struct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    /** A NUL-terminated string in UTF-8. */
    static byte[] string(String text, String call) throws PosixException {
        if (text.indexOf('\0') >= 0) {
            throw new PosixException(Errno.EINVAL, call);
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        byte[] terminated = new byte[bytes.length + 1];
        System.arraycopy(bytes, 0, terminated, 0, bytes.length);
        return terminated;
    }

    /** The address of a direct buffer's first byte, whatever its position. */
    static long address(ByteBuffer direct) {
        if (!direct.isDirect()) {
            throw new IllegalArgumentException("not a direct buffer");
        }
        return MEMORY.getDirectBufferAddress(direct);
    }
}
