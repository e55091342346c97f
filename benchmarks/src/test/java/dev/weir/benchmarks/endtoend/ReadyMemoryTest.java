package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weir.posix.FileStatus;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReadyMemoryTest {
    private static final long SECTOR = 512;
    private static final long MEGABYTE = 1 << 20;

    private static final Path MEMORY = Path.of("/dev/shm");

    @BeforeEach
    void thereIsAFileSystemInMemory() {
        assumeThat(MEMORY).isDirectory().isWritable();
    }

    /** On every processor as much as was asked for. */
    @Test
    void itKeepsAsMuchAsItGivesBack() throws Exception {
        Path file =
                MEMORY.resolve("weir-ready-memory-" + ProcessHandle.current().pid());
        var memory = new ReadyMemory(file, 3);
        try {
            FileStatus status = FileStatus.of(file.toString());
            long kept = 3 * MEGABYTE * ReadyMemory.shares();
            assertThat(status.size()).isEqualTo(2 * kept);
            assertThat(status.blocks() * SECTOR).isBetween(kept, kept + kept / 8);
        } finally {
            memory.close();
        }
        assertThat(file).doesNotExist();
    }
}
