package dev.weir.storage.file;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.kenai.jffi.MemoryIO;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What of a file is in the page cache is shown there. */
class ResidentPagesTest {
    private static final int LENGTH = 1 << 20;
    private static final int PART = 64 << 10;

    private final FileFixture files = new FileFixture();
    private final byte[] data = new byte[LENGTH];

    @TempDir
    Path disk;

    private Path image;

    @BeforeEach
    void write() throws IOException {
        new Random(5).nextBytes(data);
        image = Files.write(disk.resolve("image.raw"), data);
        assumeTrue(Files.getFileStore(image).type().matches("ext4|xfs|btrfs"), "not a file system with a disk below");
    }

    @AfterEach
    void close() throws Exception {
        files.close();
    }

    private static byte @Nullable [] shown(BlockDevice device, long offset, int length) {
        var found = new byte[length];
        return device.showResident(offset, length, (address, bytes) -> {
                    assertThat(bytes).isEqualTo(length);
                    MemoryIO.getInstance().getByteArray(address, found, 0, bytes);
                })
                ? found
                : null;
    }

    @Test
    void whatWasWrittenIsShown() {
        BlockDevice device = files.open(image);
        assertThat(shown(device, 0, LENGTH)).isEqualTo(data);
        assertThat(shown(device, 4711, PART)).isEqualTo(Arrays.copyOfRange(data, 4711, 4711 + PART));
    }

    @Test
    void laterWritesAreSeen() {
        BlockDevice device = files.open(image);
        shown(device, 0, LENGTH);
        ByteBuffer news = ByteBuffer.allocateDirect(PART).put(0, (byte) 1).put(PART - 1, (byte) 2);
        device.write(8192, news, WriteFlag.NONE).toFuture().join();
        byte[] now = shown(device, 8192, PART);
        assertThat(now).isNotNull().startsWith(1, 0).endsWith(0, 2);
    }

    @Test
    void whatIsNotInMemoryIsLeftToARead() throws IOException {
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(2 * LENGTH);
        }
        BlockDevice device = files.open(image);
        assertThat(shown(device, LENGTH, PART)).isNull();
        assertThat(shown(device, LENGTH - PART / 2, PART)).isNull();
        assertThat(shown(device, LENGTH - PART, PART)).isNotNull();
        device.read(LENGTH, ByteBuffer.allocateDirect(PART)).toFuture().join();
        assertThat(shown(device, LENGTH, PART)).isEqualTo(new byte[PART]);
    }

    @Test
    void nothingIsShownPastTheEndOrOfSmallOrOverlongRanges() {
        BlockDevice device = files.open(image);
        assertThat(shown(device, LENGTH - PART + 1, PART)).isNull();
        assertThat(shown(device, 0, 4096)).isNull();
        assertThat(shown(device, 0, LENGTH + 1)).isNull();
    }

    @Test
    void aFileThatGrowsFarIsShownToItsEnd() throws IOException {
        BlockDevice device = files.open(image);
        assertThat(shown(device, 0, PART)).isNotNull();
        long far = 5L << 30;
        device.truncate(far + PART, PreallocMode.OFF).toFuture().join();
        ByteBuffer last = ByteBuffer.allocateDirect(PART).put(data, 0, PART).flip();
        device.write(far, last, WriteFlag.NONE).toFuture().join();
        assertThat(shown(device, far, PART)).isEqualTo(Arrays.copyOf(data, PART));
        assertThat(shown(device, 0, LENGTH)).isEqualTo(data);
    }

    @Test
    void afterItWasCutOffNothingIsShownThere() {
        BlockDevice device = files.open(image);
        shown(device, 0, LENGTH);
        device.truncate(LENGTH / 2, PreallocMode.OFF).toFuture().join();
        assertThat(shown(device, LENGTH / 2, PART)).isNull();
        assertThat(shown(device, LENGTH / 2 - PART, PART)).isNotNull();
    }

    @Test
    void theFileIsNotCutOffWhileItIsShown() throws Exception {
        BlockDevice device = files.open(image);
        var cutting = new AtomicReference<@Nullable CompletableFuture<Void>>();
        boolean wasShown = device.showResident(0, LENGTH, (address, length) -> {
            CompletableFuture<Void> cut = device.truncate(0, PreallocMode.OFF).toFuture();
            cutting.set(cut);
            long end = System.nanoTime() + 50_000_000;
            while (System.nanoTime() < end) {
                assertThat(cut).isNotDone();
            }
            var last = new byte[1];
            MemoryIO.getInstance().getByteArray(address + LENGTH - 1, last, 0, 1);
            assertThat(last[0]).isEqualTo(data[LENGTH - 1]);
        });
        assertThat(wasShown).isTrue();
        requireNonNull(cutting.get()).join();
        assertThat(Files.size(image)).isZero();
    }

    @Test
    void filesAroundThePageCacheAndFilesInMemoryAreNotShown() throws IOException {
        assertThat(shown(files.openDirect(image), 0, LENGTH)).isNull();
        Path memory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(memory), "no tmpfs on /dev/shm");
        Path there = Files.createTempFile(memory, "resident", ".raw");
        try {
            Files.write(there, data);
            assertThat(shown(files.open(there), 0, LENGTH)).isNull();
        } finally {
            Files.delete(there);
        }
    }
}
