package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.posix.FileStatus;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReadyMemoryTest {
    private static final long SECTOR = 512;
    private static final long MEGABYTE = 1 << 20;

    @TempDir
    Path directory;

    /** On every processor as much as was asked for. */
    @Test
    void itKeepsAsMuchAsItGivesBack() throws Exception {
        Path file = directory.resolve("memory");
        ReadyMemory memory = ReadyMemory.in(file, 3);
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
