package dev.weir.benchmarks.endtoend;

import dev.weir.posix.FileStatus;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.posix.PosixScheduling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Memory that the kernel has ready for a server that is the next to need it. A virtual machine gives blocks of free pages back
 * to its host, every two seconds where it reports them, and whoever needs them again waits for the host, page by page. This
 * takes twice as much, gives back every second page and keeps the others, so that no free page becomes part of a block. What
 * is given back stays with the processor on which that happens; so it happens on each, where they are few.
 */
final class ReadyMemory implements AutoCloseable {
    private static final int MEGABYTE = 1 << 20;
    private static final int FEW = 4;

    private final Path file;
    private final int megabytes;
    private @Nullable PosixException failure;

    /**
     * Takes it.
     *
     * @param file in a file system in memory, does not exist; for a moment it has twice as much for each share
     * @param megabytes of a share
     */
    ReadyMemory(Path file, int megabytes) throws IOException {
        this.file = file;
        this.megabytes = megabytes;
        try {
            take();
            giveBackHalf();
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /** For how many servers' worth it is taken. */
    static int shares() {
        int processors = Runtime.getRuntime().availableProcessors();
        return processors <= FEW ? processors : 1;
    }

    private void take() throws IOException {
        byte[] bytes = new byte[2 * MEGABYTE];
        // A page of zeroes may be no page.
        Arrays.fill(bytes, (byte) 1);
        try (var out = Files.newOutputStream(file)) {
            for (int i = 0; i < megabytes * shares(); i++) {
                out.write(bytes);
            }
        }
    }

    private void giveBackHalf() throws PosixException {
        int fd = PosixFile.open(file.toString(), PosixFile.O_WRONLY | PosixFile.O_CLOEXEC, 0);
        try {
            long share = 2L * megabytes * MEGABYTE;
            // Of tmpfs the kernel's page.
            int page = FileStatus.of(fd).blockSize();
            int processor = 0;
            for (int i = 0; i < shares(); i++) {
                long from = i * share;
                // A process that is kept to some processors has as many of them as shares, with any numbers.
                while (processor < Long.SIZE
                        && !PosixScheduling.stayOn(processor, () -> giveBackHalf(fd, from, from + share, page))) {
                    processor++;
                }
                processor++;
            }
        } finally {
            PosixFile.close(fd);
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void giveBackHalf(int fd, long from, long to, int page) {
        try {
            for (long at = from; at < to; at += 2L * page) {
                PosixFile.fallocate(fd, PosixFile.FALLOC_FL_PUNCH_HOLE | PosixFile.FALLOC_FL_KEEP_SIZE, at, page);
            }
        } catch (PosixException e) {
            failure = e;
        }
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
    }
}
