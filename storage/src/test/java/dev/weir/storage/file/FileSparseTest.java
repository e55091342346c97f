package dev.weir.storage.file;

import static dev.weir.storage.file.FileFixture.await;
import static dev.weir.storage.file.FileFixture.random;
import static dev.weir.storage.file.FileFixture.read;
import static dev.weir.storage.file.FileFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weir.storage.Extent;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class FileSparseTest {
    private static final int MIB = 1 << 20;

    /** A file system with ZERO_RANGE, where the tests' temporary files are usually. */
    @Nested
    class OnDisk extends OnAFileSystem {
        OnDisk() throws IOException {
            super(System.getProperty("java.io.tmpdir"));
        }
    }

    /** One without, so that zeroing is punching and allocating. */
    @Nested
    class OnTmpfs extends OnAFileSystem {
        OnTmpfs() throws IOException {
            super("/dev/shm");
        }
    }

    abstract static class OnAFileSystem {
        private final FileFixture files = new FileFixture();
        private final Path path;
        private final BlockDevice device;

        OnAFileSystem(String parent) throws IOException {
            assumeThat(Path.of(parent)).isDirectory();
            assumeThat(Files.getFileStore(Path.of(parent)).type())
                    .as("a file system with holes")
                    .isIn("ext4", "xfs", "btrfs", "tmpfs");
            path = Files.createTempFile(Path.of(parent), "weir-sparse", ".img");
            device = files.open(path);
            await(device.truncate(8 * MIB, PreallocMode.OFF));
        }

        @AfterEach
        void close() throws InterruptedException, IOException {
            files.close();
            Files.delete(path);
        }

        private Extent status(long offset, long length) {
            Extent extent = await(device.blockStatus(offset, length));
            assertThat(extent).isNotNull();
            return extent;
        }

        private long allocated() {
            return await(device.allocatedBytes());
        }

        @Test
        void newRangeIsOneHole() {
            assertThat(status(0, 8 * MIB)).isEqualTo(Extent.hole(0, 8 * MIB));
            assertThat(status(5, 10)).isEqualTo(Extent.hole(5, 10));
            assertThat(status(MIB, Long.MAX_VALUE - MIB)).isEqualTo(Extent.hole(MIB, 7 * MIB));
            assertThat(allocated()).isZero();
        }

        @Test
        void dataBetweenHolesIsFound() {
            write(device, 2 * MIB, random(MIB, 1));
            assertThat(status(0, 8 * MIB)).isEqualTo(Extent.hole(0, 2 * MIB));
            assertThat(status(2 * MIB, 6 * MIB)).isEqualTo(Extent.data(2 * MIB, MIB));
            assertThat(status(2 * MIB + 5, 10)).isEqualTo(Extent.data(2 * MIB + 5, 10));
            assertThat(status(3 * MIB, 5 * MIB)).isEqualTo(Extent.hole(3 * MIB, 5 * MIB));
            assertThat(allocated()).isBetween((long) MIB, 2L * MIB);
        }

        @Test
        void keptAnswerDoesNotOutliveAHole() {
            write(device, 0, random(4 * MIB, 1));
            assertThat(status(0, 8 * MIB)).isEqualTo(Extent.data(0, 4 * MIB));
            await(device.discard(MIB, MIB));
            assertThat(status(0, 8 * MIB)).isEqualTo(Extent.data(0, MIB));
            assertThat(status(MIB, 7 * MIB)).isEqualTo(Extent.hole(MIB, MIB));
            assertThat(status(2 * MIB, 6 * MIB)).isEqualTo(Extent.data(2 * MIB, 2 * MIB));
            await(device.writeZeroes(2 * MIB, MIB, Set.of(WriteFlag.MAY_UNMAP)));
            assertThat(status(2 * MIB, 6 * MIB)).isEqualTo(Extent.hole(2 * MIB, MIB));
            assertThat(status(3 * MIB, 5 * MIB)).isEqualTo(Extent.data(3 * MIB, MIB));
            await(device.truncate(2 * MIB, PreallocMode.OFF));
            await(device.truncate(8 * MIB, PreallocMode.OFF));
            assertThat(status(3 * MIB, 5 * MIB)).isEqualTo(Extent.hole(3 * MIB, 5 * MIB));
        }

        @Test
        void holeThatIsWrittenBecomesData() {
            assertThat(status(0, 8 * MIB).data()).isFalse();
            write(device, 0, random(MIB, 1));
            assertThat(status(0, 8 * MIB)).isEqualTo(Extent.data(0, MIB));
            write(device, MIB, random(MIB, 2));
            assertThat(status(MIB, 7 * MIB)).isEqualTo(Extent.data(MIB, MIB));
        }

        @Test
        void discardFreesBlocksAndKeepsTheLength() {
            write(device, 0, random(4 * MIB, 1));
            await(device.flush());
            long before = allocated();
            await(device.discard(0, 4 * MIB));
            assertThat(allocated()).isLessThanOrEqualTo(before - 4 * MIB);
            assertThat(device.length()).isEqualTo(8 * MIB);
            assertThat(read(device, 0, 4 * MIB)).isEqualTo(new byte[4 * MIB]);
        }

        @Test
        void zeroesWithoutUnmapStayAllocated() throws IOException {
            byte[] contents = random(4 * MIB, 1);
            write(device, 0, contents);
            await(device.writeZeroes(MIB + 7, MIB, Set.of(WriteFlag.FUA)));
            await(device.writeZeroes(7 * MIB, MIB, WriteFlag.NONE));
            Arrays.fill(contents, MIB + 7, 2 * MIB + 7, (byte) 0);
            assertThat(read(device, 0, 4 * MIB)).isEqualTo(contents);
            assertThat(read(device, 7 * MIB, MIB)).isEqualTo(new byte[MIB]);
            await(device.flush());
            assertThat(allocated()).isGreaterThanOrEqualTo(5 * MIB);
            assertThat(Files.size(path)).isEqualTo(8 * MIB);
        }

        @Test
        void zeroesWithUnmapFreeBlocks() {
            byte[] contents = random(4 * MIB, 1);
            write(device, 0, contents);
            await(device.flush());
            long before = allocated();
            await(device.writeZeroes(100, 2 * MIB, Set.of(WriteFlag.MAY_UNMAP, WriteFlag.NO_FALLBACK)));
            assertThat(allocated()).isLessThan(before - MIB);
            Arrays.fill(contents, 100, 100 + 2 * MIB, (byte) 0);
            assertThat(read(device, 0, 4 * MIB)).isEqualTo(contents);
        }
    }
}
