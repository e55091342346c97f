package dev.weir.engine.cli;

import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import java.nio.ByteBuffer;

/** What standard output is. */
final class Terminal {
    /** {@code TCGETS} of asm-generic/ioctls.h; its structure is smaller than this. */
    private static final long TCGETS = 0x5401;

    private static final int TERMIOS_BYTES = 128;

    private Terminal() {}

    static boolean isTerminal() {
        try {
            PosixFile.ioctl(1, TCGETS, ByteBuffer.allocateDirect(TERMIOS_BYTES));
            return true;
        } catch (PosixException e) {
            return false;
        }
    }
}
