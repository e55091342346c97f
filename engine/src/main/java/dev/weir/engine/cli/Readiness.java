package dev.weir.engine.cli;

import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.ByteBuffer;

/**
 * The other half of {@code --daemonize}: {@code bin/weir} starts the JVM in a session of its own, and waits until it reads
 * a word from the descriptor whose number it gave, or its end.
 */
final class Readiness {
    private static final int STDERR = 2;

    private Readiness() {}

    /** Everything is up: lets the caller go, and lets go of its terminal. */
    static void tell() {
        String number = System.getenv("WEIR_READY_FD");
        if (number == null) {
            throw BlockException.of(BlockErrorKind.INVALID, "--daemonize needs the script bin/weir");
        }
        try {
            int fd = Integer.parseInt(number);
            int nowhere = PosixFile.open("/dev/null", PosixFile.O_RDWR, 0);
            PosixFile.replace(nowhere, STDERR);
            PosixFile.close(nowhere);
            ByteBuffer word = ByteBuffer.allocateDirect(1).put(0, (byte) '1');
            PosixFile.write(fd, word);
            PosixFile.close(fd);
        } catch (PosixException | NumberFormatException e) {
            throw BlockException.of(BlockErrorKind.IO, "cannot go to the background: " + e.getMessage(), e);
        }
    }
}
