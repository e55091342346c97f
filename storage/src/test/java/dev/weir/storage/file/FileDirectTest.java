package dev.weir.storage.file;

import static dev.weir.storage.file.FileFixture.await;
import static dev.weir.storage.file.FileFixture.random;
import static dev.weir.storage.file.FileFixture.read;
import static dev.weir.storage.file.FileFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weir.posix.PosixFile;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDirectTest {
    private static final int TAIL = 700;
    private static final int SIZE = (1 << 20) + 4096 + TAIL;

    private final FileFixture files = fixture();

    FileFixture fixture() {
        return new FileFixture();
    }

    @TempDir
    Path dir;

    private Path path;
    private byte[] contents;
    private BlockDevice device;
    private int alignment;

    @BeforeEach
    void open() throws IOException {
        assumeThat(Files.getFileStore(dir).type())
                .as("a file system with O_DIRECT")
                .isIn("ext4", "xfs", "btrfs");
        contents = random(SIZE, 1);
        path = Files.write(dir.resolve("image"), contents);
        device = files.openDirect(path);
        alignment = device.limits().requestAlignment();
    }

    @AfterEach
    void close() throws InterruptedException {
        files.close();
    }

    @Test
    void limitsTellTheAlignment() {
        assertThat(alignment).isBetween(512, 4096);
        assertThat(device.limits().memoryAlignment()).isBetween(1, 4096);
        assertThat(device.limits().maxTransfer() % alignment).isZero();
        assertThat(device.length()).isEqualTo(SIZE);
    }

    @Test
    void theEngineGoesAroundThePageCache() throws IOException {
        List<Integer> flags = Files.list(Path.of("/proc/self/fd"))
                .filter(fd -> {
                    try {
                        return Files.readSymbolicLink(fd).equals(path);
                    } catch (IOException e) {
                        return false;
                    }
                })
                .map(fd -> {
                    try {
                        return PosixFile.statusFlags(
                                        Integer.parseInt(fd.getFileName().toString()))
                                & PosixFile.O_DIRECT;
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                })
                .toList();
        assertThat(flags).containsOnlyOnce(0).containsOnly(0, PosixFile.O_DIRECT);
    }

    @Test
    void readsAcrossTheUnalignedEnd() {
        int start = SIZE - TAIL - 4096;
        byte[] expected = Arrays.copyOf(Arrays.copyOfRange(contents, start, SIZE), 8192);
        assertThat(read(device, start, 8192)).isEqualTo(expected);
        int last = SIZE / alignment * alignment;
        assertThat(read(device, last, alignment))
                .isEqualTo(Arrays.copyOf(Arrays.copyOfRange(contents, last, SIZE), alignment));
    }

    @Test
    void writesAcrossTheUnalignedEndDropWhatIsPastIt() throws IOException {
        int start = SIZE - TAIL - 4096;
        byte[] change = random(8192, 2);
        write(device, start, change, WriteFlag.FUA);
        System.arraycopy(change, 0, contents, start, SIZE - start);
        assertThat(Files.readAllBytes(path)).isEqualTo(contents);
        assertThat(read(device, start, 8192)).isEqualTo(Arrays.copyOf(Arrays.copyOf(change, SIZE - start), 8192));

        int last = SIZE / alignment * alignment;
        byte[] end = random(alignment, 3);
        write(device, last, end);
        System.arraycopy(end, 0, contents, last, SIZE - last);
        assertThat(Files.readAllBytes(path)).isEqualTo(contents);
        assertThat(device.length()).isEqualTo(SIZE);
    }

    @Test
    void whatWasTheTailIsReadAroundThePageCacheAfterGrowing() throws IOException {
        int last = SIZE / alignment * alignment;
        byte[] end = random(alignment, 4);
        write(device, last, end);
        System.arraycopy(end, 0, contents, last, SIZE - last);
        int grown = 2 << 20;
        await(device.truncate(grown, PreallocMode.OFF));
        assertThat(read(device, 0, grown)).isEqualTo(Arrays.copyOf(contents, grown));
        write(device, grown - 4096, random(4096, 5));
        await(device.truncate(last + 1, PreallocMode.OFF));
        assertThat(read(device, 0, last + alignment))
                .isEqualTo(Arrays.copyOf(Arrays.copyOf(contents, last + 1), last + alignment));
    }

    @Test
    void alignedRequestsAgreeWithAByteArray() throws IOException {
        var random = new Random(6);
        int blocks = (SIZE + alignment - 1) / alignment;
        for (int i = 0; i < 400; i++) {
            int from = random.nextInt(blocks) * alignment;
            int length = Math.min((1 + random.nextInt(40)) * alignment, blocks * alignment - from);
            int inside = Math.min(length, SIZE - from);
            if (random.nextBoolean()) {
                byte[] change = random(length, i);
                write(device, from, change);
                System.arraycopy(change, 0, contents, from, inside);
            } else {
                assertThat(read(device, from, length))
                        .isEqualTo(Arrays.copyOf(Arrays.copyOfRange(contents, from, from + inside), length));
            }
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(contents);
    }

    @Test
    void aFileThatSomebodyElseCutIsReadAsZeroes() throws IOException {
        try (var file = java.nio.channels.FileChannel.open(path, java.nio.file.StandardOpenOption.WRITE)) {
            file.truncate(5000);
        }
        byte[] expected = Arrays.copyOf(Arrays.copyOf(contents, 5000), 65_536);
        assertThat(read(device, 0, 65_536)).isEqualTo(expected);
    }
}
