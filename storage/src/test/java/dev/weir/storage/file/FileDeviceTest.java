package dev.weir.storage.file;

import static dev.weir.storage.file.FileFixture.await;
import static dev.weir.storage.file.FileFixture.buffer;
import static dev.weir.storage.file.FileFixture.random;
import static dev.weir.storage.file.FileFixture.read;
import static dev.weir.storage.file.FileFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.BlockDriver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

class FileDeviceTest {
    private static final int SIZE = 1_000_001;

    private final FileFixture files = fixture();

    FileFixture fixture() {
        return new FileFixture();
    }

    @TempDir
    Path dir;

    private Path path;
    private byte[] contents;

    @BeforeEach
    void create() throws IOException {
        contents = random(SIZE, 1);
        path = Files.write(dir.resolve("image"), contents);
    }

    @AfterEach
    void close() throws InterruptedException {
        files.close();
    }

    @Test
    void driverIsFoundByName() {
        assertThat(ServiceLoader.load(BlockDriver.class))
                .filteredOn(driver -> driver.name().equals("file"))
                .singleElement()
                .isInstanceOf(FileDriver.class);
    }

    @Test
    void lengthIsExactAndLimitsAreBytes() {
        BlockDevice device = files.open(path);
        assertThat(device.length()).isEqualTo(SIZE);
        assertThat(device.limits().requestAlignment()).isEqualTo(1);
        assertThat(device.limits().memoryAlignment()).isEqualTo(1);
        assertThat(device.limits().zeroAlignment()).isEqualTo(1);
        assertThat(device.limits().maxTransfer()).isEqualTo(BlockLimits.MAX_TRANSFER);
        assertThat(device.limits().optimalTransfer()).isGreaterThanOrEqualTo(512);
    }

    @Test
    void readsAnyRangeOfTheFile() {
        BlockDevice device = files.open(path);
        assertThat(read(device, 0, SIZE)).isEqualTo(contents);
        assertThat(read(device, 777, 10_001)).isEqualTo(Arrays.copyOfRange(contents, 777, 10_778));
        assertThat(read(device, SIZE - 1, 1)).containsExactly(contents[SIZE - 1]);
    }

    @Test
    void readPastTheEndIsFilledWithZeroes() throws IOException {
        BlockDevice device = files.open(path);
        byte[] expected = Arrays.copyOf(Arrays.copyOfRange(contents, SIZE - 100, SIZE), 512);
        assertThat(read(device, SIZE - 100, 512)).isEqualTo(expected);
        // Somebody else made the file shorter: the node's length stands, the bytes are zero.
        Files.write(path, new byte[0]);
        assertThat(read(device, 0, 4096)).isEqualTo(new byte[4096]);
    }

    @Test
    void writesAreSeenByOtherReadersOfTheFile() throws IOException {
        BlockDevice device = files.open(path);
        byte[] change = random(70_000, 2);
        write(device, 12_345, change);
        System.arraycopy(change, 0, contents, 12_345, change.length);
        assertThat(Files.readAllBytes(path)).isEqualTo(contents);

        write(device, SIZE - 5, new byte[] {1, 2, 3, 4, 5}, WriteFlag.FUA);
        assertThat(read(device, SIZE - 5, 5)).containsExactly(1, 2, 3, 4, 5);
        assertThat(Files.size(path)).isEqualTo(SIZE);
    }

    @Test
    void nothingHappensBeforeSubscriptionAndOnceForEach() throws IOException {
        BlockDevice device = files.open(path);
        var src = buffer(new byte[] {9, 9, 9});
        Mono<Void> write = device.write(0, src, WriteFlag.NONE);
        assertThat(Files.readAllBytes(path)).isEqualTo(contents);
        await(write);
        assertThat(read(device, 0, 3)).containsExactly(9, 9, 9);
        write(device, 0, new byte[] {1, 1, 1});
        src.rewind();
        await(write);
        assertThat(read(device, 0, 3)).containsExactly(9, 9, 9);
    }

    @Test
    void cancelledReadStillEnds() {
        BlockDevice device = files.open(path);
        Mono<String> ended = Mono.create(
                sink -> device.read(0, buffer(2 * InlineTransfers.MAX_BYTES)).subscribe(new BaseSubscriber<Void>() {
                    @Override
                    protected void hookOnSubscribe(Subscription subscription) {
                        // Cancelled behind BaseSubscriber's back, which would drop the signal itself.
                        subscription.cancel();
                    }

                    @Override
                    protected void hookOnComplete() {
                        sink.success("completed");
                    }
                }));
        assertThat(await(ended)).isEqualTo("completed");
    }

    @Test
    void manyRequestsAtOnceKeepTheirPlaces() throws IOException {
        BlockDevice device = files.open(path);
        int block = 1000;
        List<Mono<Void>> writes = new ArrayList<>();
        var random = new Random(3);
        for (int i = 0; i < SIZE / block; i++) {
            byte[] bytes = new byte[block];
            random.nextBytes(bytes);
            System.arraycopy(bytes, 0, contents, i * block, block);
            writes.add(device.write((long) i * block, buffer(bytes), WriteFlag.NONE));
        }
        await(Flux.merge(Flux.fromIterable(writes), 64).then());
        assertThat(Files.readAllBytes(path)).isEqualTo(contents);
    }

    @Test
    void readOnlyFileIsNotWritten() throws IOException {
        BlockDevice device = files.openReadOnly(path);
        assertThat(read(device, 5, 10)).isEqualTo(Arrays.copyOfRange(contents, 5, 15));
        await(device.flush());
        assertThatThrownBy(() -> write(device, 0, new byte[10])).isInstanceOf(RuntimeException.class);
        assertThat(Files.readAllBytes(path)).isEqualTo(contents);
    }

    @Test
    void truncateGrowsWithZeroesAndShrinks() throws IOException {
        BlockDevice device = files.open(path);
        await(device.truncate(SIZE + 5000, PreallocMode.OFF));
        assertThat(device.length()).isEqualTo(SIZE + 5000);
        assertThat(read(device, SIZE, 5000)).isEqualTo(new byte[5000]);
        await(device.truncate(10, PreallocMode.OFF));
        assertThat(device.length()).isEqualTo(10);
        assertThat(Files.readAllBytes(path)).isEqualTo(Arrays.copyOf(contents, 10));
        await(device.truncate(20, PreallocMode.METADATA));
        assertThat(Files.size(path)).isEqualTo(20);
    }

    @Test
    void preallocationAllocatesAndShrinkingWithItIsRefused() throws IOException {
        BlockDevice device = files.open(path);
        await(device.truncate(0, PreallocMode.OFF));
        assertThat(await(device.allocatedBytes())).isZero();
        await(device.truncate(1 << 20, PreallocMode.FALLOC));
        assertThat(Files.size(path)).isEqualTo(1 << 20);
        assertThat(await(device.allocatedBytes())).isGreaterThanOrEqualTo(1 << 20);
        await(device.truncate(3 << 20, PreallocMode.FULL));
        assertThat(device.length()).isEqualTo(3 << 20);
        assertThat(await(device.allocatedBytes())).isGreaterThanOrEqualTo(3 << 20);
        assertThat(read(device, 0, 3 << 20)).isEqualTo(new byte[3 << 20]);

        for (PreallocMode mode : Set.of(PreallocMode.METADATA, PreallocMode.FALLOC, PreallocMode.FULL)) {
            assertThatThrownBy(() -> await(device.truncate(5, mode)))
                    .asInstanceOf(type(BlockException.class))
                    .returns(BlockErrorKind.INVALID, BlockException::kind);
        }
        assertThat(device.length()).isEqualTo(3 << 20);
    }

    @Test
    void tooLargeATruncateLeavesTheLengthAlone() throws IOException {
        BlockDevice device = files.open(path);
        assertThatThrownBy(() -> await(device.truncate(Long.MAX_VALUE, PreallocMode.OFF)))
                .asInstanceOf(type(BlockException.class))
                .returns(BlockErrorKind.FILE_TOO_LARGE, BlockException::kind);
        assertThat(device.length()).isEqualTo(SIZE);
        assertThat(Files.readAllBytes(path)).isEqualTo(contents);
    }

    @Test
    void closeGivesTheDescriptorsBackAndLaterRequestsFail() throws IOException {
        BlockDevice device = files.open(path);
        assertThat(FileFixture.descriptorsOf(path)).isEqualTo(2);
        files.close(device);
        await(device.close());
        assertThat(FileFixture.descriptorsOf(path)).isZero();
        assertThatThrownBy(() -> read(device, 0, 10))
                .asInstanceOf(type(BlockException.class))
                .returns(BlockErrorKind.CLOSED, BlockException::kind);
    }
}
