package dev.weir.engine.cli;

import dev.weir.engine.cli.top.Window;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** What standard output is. */
final class Terminal {
    /** {@code TCGETS} of asm-generic/ioctls.h; its structure is smaller than this. */
    private static final long TCGETS = 0x5401;

    /** {@code TIOCGWINSZ}: rows and columns, 16 bits each, and as much that nobody uses. */
    private static final long TIOCGWINSZ = 0x5413;

    private static final int WINSIZE_BYTES = 8;

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

    /** How large its window is; what is not known is taken for 80 columns and 24 rows. */
    static Window window() {
        ByteBuffer size = ByteBuffer.allocateDirect(WINSIZE_BYTES).order(ByteOrder.nativeOrder());
        try {
            PosixFile.ioctl(1, TIOCGWINSZ, size);
        } catch (PosixException e) {
            return Window.STANDARD;
        }
        int rows = Short.toUnsignedInt(size.getShort(0));
        int columns = Short.toUnsignedInt(size.getShort(2));
        return rows == 0 || columns == 0 ? Window.STANDARD : new Window(columns, rows);
    }
}
