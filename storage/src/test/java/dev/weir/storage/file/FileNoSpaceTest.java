package dev.weir.storage.file;

import static dev.weir.storage.file.FileFixture.await;
import static dev.weir.storage.file.FileFixture.random;
import static dev.weir.storage.file.FileFixture.read;
import static dev.weir.storage.file.FileFixture.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.weir.posix.PosixMount;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.spi.BlockDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** On a file system of 1 MiB. */
class FileNoSpaceTest {
    private static final int MIB = 1 << 20;

    private final FileFixture files = fixture();

    FileFixture fixture() {
        return new FileFixture();
    }

    @TempDir
    Path dir;

    private boolean mounted;
    private Path path;
    private BlockDevice device;

    @BeforeEach
    void mount() throws IOException {
        try {
            PosixMount.mount("weir-test", dir.toString(), "tmpfs", PosixMount.MS_NOSUID, "size=1m");
            mounted = true;
        } catch (IOException e) {
            assumeThat(mounted).as("may mount a tmpfs: %s", e.getMessage()).isTrue();
        }
        path = Files.createFile(dir.resolve("image"));
        device = files.open(path);
    }

    @AfterEach
    void unmount() throws IOException, InterruptedException {
        files.close();
        if (mounted) {
            PosixMount.unmount(dir.toString(), 0);
        }
    }

    @Test
    void writeWithoutRoomFailsAndTheRestStays() {
        await(device.truncate(4 * MIB, PreallocMode.OFF));
        byte[] contents = random(MIB / 2, 1);
        write(device, 0, contents);
        assertThatThrownBy(() -> write(device, MIB / 2, random(MIB, 2)))
                .asInstanceOf(type(BlockException.class))
                .returns(BlockErrorKind.NO_SPACE, BlockException::kind)
                .extracting(Throwable::getMessage)
                .asString()
                .startsWith("test: write at " + MIB / 2 + ": NO_SPACE (")
                .endsWith("No space left on device)");
        assertThat(read(device, 0, MIB / 2)).isEqualTo(contents);
        assertThat(device.length()).isEqualTo(4 * MIB);
    }

    @ParameterizedTest
    @EnumSource(names = {"FALLOC", "FULL"})
    void preallocationWithoutRoomRestoresTheLength(PreallocMode mode) throws IOException {
        await(device.truncate(1000, PreallocMode.OFF));
        assertThatThrownBy(() -> await(device.truncate(4 * MIB, mode)))
                .asInstanceOf(type(BlockException.class))
                .returns(BlockErrorKind.NO_SPACE, BlockException::kind);
        assertThat(device.length()).isEqualTo(1000);
        assertThat(Files.size(path)).isEqualTo(1000);
        write(device, 0, random(1000, 1));
    }
}
