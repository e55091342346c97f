package dev.weir.storage.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.AioContext;
import dev.weir.storage.spi.BlockDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InlineTransfersTest {
    private static final Path MEMORY = Path.of("/dev/shm");

    private final FileFixture files = new FileFixture();

    @TempDir
    Path disk;

    @AfterEach
    void close() throws Exception {
        files.close();
    }

    private static Path image(Path directory) throws IOException {
        Path image = Files.createTempFile(directory, "inline", ".raw");
        Files.write(image, new byte[1 << 20]);
        return image;
    }

    private static CompletableFuture<Void> write(BlockDevice device, int bytes) {
        ByteBuffer data = ByteBuffer.allocateDirect(bytes);
        for (int i = 0; i < bytes; i++) {
            data.put(i, (byte) (i | 1));
        }
        return device.write(4096, data, WriteFlag.NONE).toFuture();
    }

    @Test
    void smallRequestsToAFileInMemoryEndOnTheCallersThread() throws IOException {
        assumeTrue(Files.isWritable(MEMORY), "no tmpfs on /dev/shm");
        Path image = image(MEMORY);
        try {
            BlockDevice device = files.open(image);
            assertThat(write(device, 4096)).isCompleted();
            ByteBuffer back = ByteBuffer.allocateDirect(4096);
            assertThat(device.read(4096, back).toFuture()).isCompleted();
            assertThat(back.get(0)).isEqualTo((byte) 1);
            assertThat(back.get(4095)).isEqualTo((byte) 4095);
            assertThat(Files.readAllBytes(image)[4096 + 2]).isEqualTo((byte) 3);
        } finally {
            Files.delete(image);
        }
    }

    @Test
    void cachedReadsOfAFileOnDiskEndOnTheCallersThread() throws IOException {
        Path image = image(disk);
        assumeTrue(Files.getFileStore(image).type().matches("ext4|xfs|btrfs"), "file system without RWF_NOWAIT");
        BlockDevice device = files.open(image);
        write(device, 4096).join();
        ByteBuffer back = ByteBuffer.allocateDirect(4096);
        assertThat(device.read(4096, back).toFuture()).isCompleted();
        assertThat(back.get(2)).isEqualTo((byte) 3);
    }

    @Test
    void writesOfPagesToAFileOnExt4EndOnTheCallersThread() throws IOException {
        Path image = image(disk);
        assumeTrue(Files.getFileStore(image).type().equals("ext4"), "not ext4");
        BlockDevice device = files.open(image);
        // The guard may see the first ones block.
        boolean inline = false;
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!inline && System.nanoTime() < deadline) {
            CompletableFuture<Void> written = write(device, 4096);
            inline = written.isDone();
            written.join();
        }
        assertThat(inline).isTrue();
        assertThat(Files.readAllBytes(image)[4096 + 2]).isEqualTo((byte) 3);
    }

    @Test
    void aWriteToAFileOnExt4DoesNotWaitForACallThatHoldsIt() throws IOException {
        Path image = image(disk);
        assumeTrue(Files.getFileStore(image).type().equals("ext4"), "not ext4");
        OpenFile file = OpenFile.open(image.toString(), false, false);
        try {
            InlineTransfers inline = InlineTransfers.of(file);
            inline.enterExclusive();
            assertThat(inline.write(ByteBuffer.allocateDirect(4096), 0)).isZero();
            inline.leaveExclusive();
            assertThat(inline.write(ByteBuffer.allocateDirect(4096), 0)).isEqualTo(4096);
        } finally {
            file.close();
        }
    }

    @Test
    void aWriteToAFileOnExt4WaitsForOthersAsLongAsTheyGetSomewhere() throws IOException {
        Path image = image(disk);
        assumeTrue(Files.getFileStore(image).type().equals("ext4"), "not ext4");
        OpenFile file = OpenFile.open(image.toString(), false, false);
        try {
            InlineTransfers inline = InlineTransfers.of(file);
            inline.enterWrite();
            long start = System.nanoTime();
            while (System.nanoTime() - start <= 2 * WriteGuard.BLOCKED_NANOS) {
                Thread.onSpinWait();
            }
            assertThat(inline.write(ByteBuffer.allocateDirect(4096), 0)).isZero();
            int count = 0;
            for (int i = 0; i < 1000 && count == 0; i++) {
                inline.enterWrite();
                inline.leaveWrite();
                count = inline.write(ByteBuffer.allocateDirect(4096), 0);
            }
            assertThat(count).isEqualTo(4096);
        } finally {
            file.close();
        }
    }

    @Test
    void writesOfPartsOfPagesReachTheFileThroughThePool() throws IOException {
        Path image = image(disk);
        BlockDevice device = files.open(image);
        write(device, 512).join();
        write(device, 512).join();
        assertThat(Files.readAllBytes(image)[4096]).isEqualTo((byte) 1);
        assertThat(Files.readAllBytes(image)[4096 + 512]).isEqualTo((byte) 0);
    }

    @Test
    void largeRequestsAreLeftToThePool() throws IOException {
        Path image = image(disk);
        BlockDevice device = files.open(image);
        int bytes = InlineTransfers.MAX_BYTES + 4096;
        write(device, bytes).join();
        ByteBuffer back = ByteBuffer.allocateDirect(bytes);
        var thread = new CompletableFuture<Thread>();
        device.read(4096, back)
                .doOnSuccess(nothing -> thread.complete(Thread.currentThread()))
                .toFuture()
                .join();
        assertThat(thread.join()).isNotSameAs(Thread.currentThread());
        assertThat(back.get(bytes - 1)).isEqualTo((byte) (bytes - 1 | 1));
    }

    /** An event loop in name: what runs on it is called. */
    private static final class Loop extends AioContext {
        @Override
        public void watch(int fd) {}

        void call(Runnable action) {
            run(action);
        }
    }

    @Test
    void largeRequestsEndOnALoopThatSharesItsClientsWithOthers() throws IOException {
        assumeTrue(Files.isWritable(MEMORY), "no tmpfs on /dev/shm");
        Path image = image(MEMORY);
        try {
            BlockDevice device = files.open(image);
            int bytes = InlineTransfers.MAX_SHARED_BYTES - 4096;
            ByteBuffer back = ByteBuffer.allocateDirect(bytes);
            var loop = new Loop();
            loop.shared(true);
            loop.call(() -> {
                assertThat(write(device, bytes)).isCompleted();
                assertThat(device.read(4096, back).toFuture()).isCompleted();
            });
            assertThat(back.get(bytes - 1)).isEqualTo((byte) (bytes - 1 | 1));
        } finally {
            Files.delete(image);
        }
    }

    @Test
    void largeRequestsOfALoopThatIsAloneAreLeftToThePool() throws IOException {
        assumeTrue(Files.isWritable(MEMORY), "no tmpfs on /dev/shm");
        Path image = image(MEMORY);
        OpenFile file = OpenFile.open(image.toString(), false, false);
        try {
            InlineTransfers inline = InlineTransfers.of(file);
            ByteBuffer data = ByteBuffer.allocateDirect(InlineTransfers.MAX_BYTES + 1);
            new Loop().call(() -> {
                assertThat(inline.read(data, 0)).isZero();
                assertThat(inline.write(data, 0)).isZero();
            });
        } finally {
            file.close();
            Files.delete(image);
        }
    }

    @Test
    void readAcrossTheEndOfAFileThatShrankFillsWithZeroes() throws IOException {
        assumeTrue(Files.isWritable(MEMORY), "no tmpfs on /dev/shm");
        Path image = image(MEMORY);
        try {
            BlockDevice device = files.open(image);
            write(device, 4096).join();
            try (var other = Files.newByteChannel(image, java.nio.file.StandardOpenOption.WRITE)) {
                other.truncate(4096 + 100);
            }
            ByteBuffer back = ByteBuffer.allocateDirect(4096);
            back.put(200, (byte) 7);
            device.read(4096, back).toFuture().join();
            assertThat(back.get(99)).isEqualTo((byte) 99);
            assertThat(back.get(200)).isEqualTo((byte) 0);
        } finally {
            Files.delete(image);
        }
    }
}
