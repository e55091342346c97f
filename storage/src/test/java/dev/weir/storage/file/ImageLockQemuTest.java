package dev.weir.storage.file;

import static dev.weir.storage.file.FileFixture.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weir.storage.Permissions;
import dev.weir.storage.spi.BlockDevice;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Image locks against QEMU's own tools, where they are installed. */
@Timeout(60)
class ImageLockQemuTest {
    private final FileFixture files = new FileFixture();

    @TempDir
    Path dir;

    private Path path;

    @BeforeEach
    void create() throws IOException {
        for (String tool : List.of("qemu-io", "qemu-img")) {
            assumeThat(Stream.of(System.getenv("PATH").split(File.pathSeparator)))
                    .as("%s on the PATH", tool)
                    .anyMatch(entry -> Files.isExecutable(Path.of(entry, tool)));
        }
        path = Files.write(dir.resolve("image"), new byte[1 << 20]);
    }

    @AfterEach
    void close() throws InterruptedException {
        files.close();
    }

    private static Process start(String... command) throws IOException {
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private void assertWorks(String... command) throws Exception {
        Process process = start(with(command));
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    private void assertRefused(String text, String... command) throws Exception {
        Process process = start(with(command));
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(output).isNotZero();
        assertThat(output).contains(text);
    }

    private String[] with(String... command) {
        List<String> arguments = new ArrayList<>(Arrays.asList(command));
        arguments.add(path.toString());
        return arguments.toArray(new String[0]);
    }

    @Test
    void qemuMayReadAndNotWriteWhatWeirWrites() throws Exception {
        await(files.open(path).permissionsChanged(Permissions.WRITE));
        assertRefused("Failed to get \"write\" lock", "qemu-io", "-f", "raw", "-c", "write 0 512");
        assertRefused("Failed to get \"write\" lock", "qemu-img", "bench", "-w", "-c", "1", "-f", "raw");
        assertWorks("qemu-io", "-r", "-f", "raw", "-c", "read 0 512");
        assertWorks("qemu-img", "info", "-f", "raw");
        assertWorks("qemu-img", "map", "-f", "raw");
        assertWorks("qemu-img", "bench", "-c", "1", "-f", "raw");
    }

    @Test
    void qemuMayReadAndNotWriteWhatWeirReads() throws Exception {
        await(files.openReadOnly(path).permissionsChanged(Permissions.READ));
        assertRefused("Failed to get \"write\" lock", "qemu-io", "-f", "raw", "-c", "write 0 512");
        assertWorks("qemu-io", "-r", "-f", "raw", "-c", "read 0 512");
        assertWorks("qemu-img", "info", "-f", "raw");
    }

    @Test
    void nothingIsInQemusWayAfterClose() throws Exception {
        BlockDevice device = files.open(path);
        await(device.permissionsChanged(Permissions.WRITE));
        files.close(device);
        assertWorks("qemu-io", "-f", "raw", "-c", "write 0 512");
    }

    @Test
    void weirIsRefusedWhatQemuWrites() throws Exception {
        BlockDevice writer = files.open(path);
        BlockDevice reader = files.openReadOnly(path);
        Process qemu = start(with("qemu-io", "-f", "raw"));
        try (Writer commands = qemu.outputWriter();
                BufferedReader answers = qemu.inputReader()) {
            commands.append("length\n").flush();
            assertThat(answers.readLine()).contains("1 MiB");
            assertThatThrownBy(() -> await(writer.permissionsChanged(Permissions.WRITE)))
                    .hasMessageContaining("Failed to get shared \"write\" lock");
            assertThatThrownBy(() -> await(reader.permissionsChanged(Permissions.READ)))
                    .hasMessageContaining("Failed to get shared \"write\" lock");
        }
        assertThat(qemu.waitFor()).isZero();
        await(writer.permissionsChanged(Permissions.WRITE));
    }

    @Test
    void weirMayWriteWhatQemuReads() throws Exception {
        BlockDevice writer = files.open(path);
        Process qemu = start(with("qemu-io", "-r", "-f", "raw"));
        try (Writer commands = qemu.outputWriter();
                BufferedReader answers = qemu.inputReader()) {
            commands.append("length\n").flush();
            assertThat(answers.readLine()).contains("1 MiB");
            await(writer.permissionsChanged(Permissions.WRITE));
        }
        assertThat(qemu.waitFor()).isZero();
    }
}
