package dev.weir.storage.nullco;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NullCoDeviceTest {
    @TempDir
    Path dir;

    @Test
    void fillsTheLastBytesOfTheLargestBuffer() throws IOException {
        try (var file = FileChannel.open(dir.resolve("sparse"), CREATE, READ, WRITE)) {
            ByteBuffer largest = file.map(FileChannel.MapMode.READ_WRITE, 0, Integer.MAX_VALUE);
            int start = largest.limit() - 100;
            largest.put(start, (byte) 1).put(largest.limit() - 1, (byte) 1);

            new NullCoDevice(1 << 20, Duration.ZERO, true)
                    .read(0, largest.position(start))
                    .block(Duration.ofSeconds(10));

            assertThat(largest.get(start)).isZero();
            assertThat(largest.get(largest.limit() - 1)).isZero();
        }
    }
}
