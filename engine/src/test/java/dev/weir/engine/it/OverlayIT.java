package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** qcow2 images that are exported, and what is laid over them. */
@MountRequired(programs = {"qemu-img", "qemu-io"})
class OverlayIT {
    private static final String WRITE =
            "dd if=/dev/urandom of=$1 bs=64k seek=3 count=20 conv=notrunc,fsync status=none";

    @TempDir
    Path directory;

    private Path base;
    private Path mountpoint;
    private Path overlay;
    private byte[] before;

    @BeforeEach
    void createImage() throws IOException {
        base = directory.resolve("base.qcow2");
        mountpoint = directory.resolve("mnt.raw");
        overlay = directory.resolve("overlay.qcow2");
        Client.run("qemu-img", "create", "-q", "-f", "qcow2", base.toString(), "8M")
                .ok();
        Client.run("qemu-io", "-f", "qcow2", "-c", "write -P 7 0 1M", base.toString())
                .ok();
        before = Files.readAllBytes(base);
    }

    @Test
    void whatIsWrittenIsInTheImage() {
        Path copy = directory.resolve("copy.raw");
        try (var export = ExportProcess.start(base, mountpoint, "--format=qcow2", "--writable")) {
            assertThat(mountpoint).hasSize(8 << 20);
            Client.shell(WRITE, mountpoint).ok();
            Client.shell("cp $1 $2", mountpoint, copy).ok();
        }
        assertSameAs(base, copy);
    }

    @Test
    void anOverlayTakesWhatIsWrittenAndGoesOnWithIt() throws IOException {
        Path copy = directory.resolve("copy.raw");
        try (var export = ExportProcess.start(base, mountpoint, "--format=qcow2", "--overlay=" + overlay)) {
            Client.shell(WRITE, mountpoint).ok();
        }
        try (var export = ExportProcess.start(base, mountpoint, "--format=qcow2", "--overlay=" + overlay)) {
            Client.shell("printf more | dd of=$1 bs=1 seek=5000000 conv=notrunc,fsync status=none", mountpoint)
                    .ok();
            Client.shell("cp $1 $2", mountpoint, copy).ok();
        }
        assertSameAs(overlay, copy);
        assertThat(base).hasBinaryContent(before);
    }

    @Test
    void whatIsTemporaryIsForgotten() throws IOException {
        Path room = Files.createDirectory(directory.resolve("room"));
        var temporary = ExportProcess.of(base, mountpoint, "--format=qcow2", "--temporary")
                .prefix("env", "TMPDIR=" + room);
        try (var export = temporary.start()) {
            Client.shell(WRITE, mountpoint).ok();
            assertThat(room).isEmptyDirectory();
        }
        assertThat(room).isEmptyDirectory();
        assertThat(base).hasBinaryContent(before);
    }

    @Test
    void anOverlayOfAnotherImageIsRefused() throws IOException {
        Path other = Files.write(directory.resolve("other.raw"), new byte[1 << 20]);
        try (var export = ExportProcess.start(other, mountpoint, "--overlay=" + overlay)) {
            Client.shell("printf more | dd of=$1 conv=notrunc,fsync status=none", mountpoint)
                    .ok();
        }
        ExportProcess.of(base, mountpoint, "--format=qcow2", "--overlay=" + overlay)
                .run()
                .failed("not of '" + base + "' (qcow2)");
        ExportProcess.of(overlay, mountpoint, "--format=qcow2").run().failed("--follow opens it");
        try (var export = ExportProcess.start(overlay, mountpoint, "--format=qcow2", "--follow")) {
            Client.shell("head -c 4 $1 | grep -q more", mountpoint).ok();
        }
    }

    private static void assertSameAs(Path image, Path copy) {
        Client.run("qemu-img", "compare", "-f", "qcow2", "-F", "raw", image.toString(), copy.toString())
                .ok();
        Client.run("qemu-img", "check", "-q", "-f", "qcow2", image.toString()).ok();
    }
}
