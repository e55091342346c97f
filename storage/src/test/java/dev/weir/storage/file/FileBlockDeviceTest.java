package dev.weir.storage.file;

import static dev.weir.storage.file.FileFixture.await;
import static dev.weir.storage.file.FileFixture.random;
import static dev.weir.storage.file.FileFixture.read;
import static dev.weir.storage.file.FileFixture.write;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.Extent;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a loop device, where the tests may set one up. */
class FileBlockDeviceTest {
    private static final int SIZE = 4 << 20;

    private final FileFixture files = new FileFixture();

    @TempDir
    Path dir;

    private Path backing;
    private String loop = "";
    private byte[] contents;

    @BeforeEach
    void attach() throws Exception {
        contents = random(SIZE, 1);
        backing = Files.write(dir.resolve("backing"), contents);
        try {
            Process losetup = new ProcessBuilder("losetup", "--find", "--show", backing.toString())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(losetup.getInputStream().readAllBytes(), UTF_8).trim();
            loop = losetup.waitFor() == 0 ? output : "";
            assumeThat(loop).as("a loop device: %s", output).isNotEmpty();
        } catch (IOException e) {
            assumeThat(loop).as("losetup: %s", e.getMessage()).isNotEmpty();
        }
    }

    @AfterEach
    void detach() throws Exception {
        files.close();
        if (!loop.isEmpty()) {
            Process losetup = new ProcessBuilder("losetup", "--detach", loop).start();
            assertThat(losetup.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void hasTheLengthOfTheDeviceAndItsSector() {
        BlockDevice device = files.open(Path.of(loop));
        assertThat(device.length()).isEqualTo(SIZE);
        assertThat(device.limits().requestAlignment()).isEqualTo(1);
        assertThat(device.limits().zeroAlignment()).isEqualTo(512);
        assertThat(await(device.allocatedBytes())).isEqualTo(SIZE);
        assertThat(await(device.blockStatus(512, SIZE))).isEqualTo(Extent.data(512, SIZE - 512));

        BlockDevice direct = files.openDirect(Path.of(loop));
        assertThat(direct.limits().requestAlignment()).isBetween(512, 4096);
        assertThat(read(direct, 0, SIZE)).isEqualTo(contents);
    }

    @Test
    void writesReachTheDevice() throws IOException {
        BlockDevice device = files.open(Path.of(loop));
        byte[] change = random(10_000, 2);
        write(device, 777, change, WriteFlag.FUA);
        System.arraycopy(change, 0, contents, 777, change.length);
        assertThat(Files.readAllBytes(backing)).isEqualTo(contents);
    }

    @Test
    void zeroesAndDiscards() throws IOException {
        BlockDevice device = files.open(Path.of(loop));
        await(device.writeZeroes(4096, 1 << 20, Set.of(WriteFlag.MAY_UNMAP)));
        Arrays.fill(contents, 4096, 4096 + (1 << 20), (byte) 0);
        assertThat(read(device, 0, SIZE)).isEqualTo(contents);

        long before = (Long) Files.getAttribute(backing, "unix:size");
        await(device.discard((2 << 20) - 100, (1 << 20) + 200));
        assertThat(read(device, 2 << 20, 1 << 20)).isEqualTo(new byte[1 << 20]);
        assertThat(read(device, (2 << 20) - 100, 100))
                .isEqualTo(Arrays.copyOfRange(contents, (2 << 20) - 100, 2 << 20));
        assertThat(Files.size(backing)).isEqualTo(before);
    }

    @Test
    void zeroesThatMustBeFastAreRefused() {
        BlockDevice device = files.open(Path.of(loop));
        assertThatThrownBy(() -> await(device.writeZeroes(0, 4096, Set.of(WriteFlag.NO_FALLBACK))))
                .asInstanceOf(type(BlockException.class))
                .returns(BlockErrorKind.UNSUPPORTED, BlockException::kind);
        assertThat(read(device, 0, 4096)).isEqualTo(Arrays.copyOf(contents, 4096));
    }

    @Test
    void cannotBeResized() {
        BlockDevice device = files.open(Path.of(loop));
        for (long length : new long[] {0, SIZE - 512, SIZE + 512}) {
            assertThatThrownBy(() -> await(device.truncate(length, PreallocMode.OFF)))
                    .asInstanceOf(type(BlockException.class))
                    .returns(BlockErrorKind.UNSUPPORTED, BlockException::kind);
        }
        await(device.truncate(SIZE, PreallocMode.OFF));
        assertThat(device.length()).isEqualTo(SIZE);
    }
}
