package dev.weir.benchmarks.endtoend;

import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.posix.PosixScheduling;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Memory that the kernel has ready for a server that is the next to need it. A virtual machine gives blocks of free pages back
 * to its host, every two seconds where it reports them, and whoever needs them again waits for the host, page by page. This
 * takes twice as much, gives back every second page and keeps the others, so that no free page becomes part of a block. What
 * is given back stays with the processor on which that happens; so it happens on each, where they are few.
 */
final class ReadyMemory implements AutoCloseable {
    private static final int MEGABYTE = 1 << 20;
    private static final int PAGE = 4096;
    private static final int FEW = 4;

    private final Path file;

    private ReadyMemory(Path file) {
        this.file = file;
    }

    /** For how many servers' worth it is taken. */
    static int shares() {
        int processors = Runtime.getRuntime().availableProcessors();
        return processors <= FEW ? processors : 1;
    }

    /**
     * Takes it.
     *
     * @param file in a file system in memory, does not exist; for a moment it has twice as much for each share
     * @param megabytes of a share
     */
    static ReadyMemory in(Path file, int megabytes) throws IOException {
        var memory = new ReadyMemory(file);
        byte[] bytes = new byte[2 * MEGABYTE];
        try (var out = Files.newOutputStream(file)) {
            for (int i = 0; i < megabytes * shares(); i++) {
                out.write(bytes);
            }
        }
        long share = 2L * megabytes * MEGABYTE;
        for (int i = 0; i < shares(); i++) {
            long from = i * share;
            Runnable giveBack = () -> memory.giveBackHalf(from, from + share);
            if (!PosixScheduling.stayOn(i, giveBack)) {
                giveBack.run();
            }
        }
        return memory;
    }

    private void giveBackHalf(long from, long to) {
        try {
            int fd = PosixFile.open(file.toString(), PosixFile.O_WRONLY | PosixFile.O_CLOEXEC, 0);
            try {
                for (long at = from; at < to; at += 2 * PAGE) {
                    PosixFile.fallocate(fd, PosixFile.FALLOC_FL_PUNCH_HOLE | PosixFile.FALLOC_FL_KEEP_SIZE, at, PAGE);
                }
            } finally {
                PosixFile.close(fd);
            }
        } catch (PosixException e) {
            throw new UncheckedIOException("cannot make a hole in " + file, new IOException(e));
        }
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
    }
}
