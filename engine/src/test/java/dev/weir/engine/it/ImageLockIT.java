package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who else may use an image that is exported, and what may be exported that somebody else uses. */
@MountRequired(programs = {"qemu-img", "qemu-io"})
class ImageLockIT {
    private static final String WRITE_LOCK = "Failed to get \"write\" lock";
    private static final String SHARED_WRITE_LOCK = "Failed to get shared \"write\" lock";

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.run("truncate", "-s", "1M", image.toString()).ok();
    }

    @Test
    void nobodyWritesOrCopiesWhatAWritableExportHolds() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            qemuIo("write 0 512").failed(WRITE_LOCK);
            Client.run("qemu-img", "resize", "-q", "-f", "raw", image.toString(), "2M")
                    .failed(WRITE_LOCK);
            Client.run("qemu-img", "convert", "-f", "raw", "-O", "raw", image.toString(), image + ".copy")
                    .failed(SHARED_WRITE_LOCK);
            Client.run("qemu-img", "info", "-U", image.toString()).ok();
            // QEMU takes no lock to look at a raw image.
            Client.run("qemu-img", "info", image.toString()).ok();
            assertThat(image).hasSize(1 << 20);
        }
        qemuIo("write 0 512").ok();
    }

    @Test
    void othersReadButDoNotWriteWhatAReadOnlyExportHolds() {
        try (var export = ExportProcess.start(image, mountpoint)) {
            Client.run("qemu-io", "-r", "-f", "raw", "-c", "read 0 512", image.toString())
                    .ok();
            qemuIo("write 0 512").failed(WRITE_LOCK);
        }
        qemuIo("write 0 512").ok();
    }

    @Test
    void ofTwoExportsNoneWritesBesideTheOther() {
        Path second = directory.resolve("second.raw");
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertRefused(WRITE_LOCK, second, "--writable");
            assertRefused(SHARED_WRITE_LOCK, second);
            try (var reader = ExportProcess.start(image, second, "--force-share")) {
                Client.run("cmp", mountpoint.toString(), second.toString()).ok();
            }
        }
        try (var export = ExportProcess.start(image, mountpoint)) {
            assertRefused(WRITE_LOCK, second, "--writable");
            try (var reader = ExportProcess.start(image, second)) {
                Client.run("cmp", mountpoint.toString(), second.toString()).ok();
            }
        }
    }

    @Test
    void whatQemuWritesIsNotExported() throws Exception {
        Path said = directory.resolve("said");
        Client qemu = Client.startShell("{ echo 'write 0 512'; exec sleep 60; } | qemu-io -f raw $1 >$2", image, said);
        while (!Files.exists(said) || !Files.readString(said).contains("wrote 512")) {
            assertThat(qemu.isAlive()).isTrue();
            Thread.sleep(20);
        }
        // It shares everything, as the raw format does; we do not.
        assertRefused(SHARED_WRITE_LOCK, mountpoint, "--writable");
        assertRefused(SHARED_WRITE_LOCK, mountpoint);
        qemu.kill().await(Duration.ofSeconds(10));

        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(export.isAlive()).isTrue();
        }
    }

    @Test
    void anImageOnAReadOnlyFileSystemIsNotWritable() {
        String readOnly =
                "mount -t tmpfs none \"$0\"; truncate -s 1M \"$0/disk.raw\"; mount -o remount,ro \"$0\"; exec \"$@\"";
        Path below = directory.resolve("below");
        Client.run("mkdir", below.toString()).ok();
        try (var export = ExportProcess.of(below.resolve("disk.raw"), mountpoint, "--writable")
                .prefix("unshare", "--mount", "sh", "-ec", readOnly, below.toString())
                .launch()) {
            assertThat(export.awaitExit(Duration.ofSeconds(30))).isEqualTo(1);
            assertThat(export.stderr())
                    .isEqualTo("weir: Could not open '" + below.resolve("disk.raw") + "': Read-only file system\n");
            assertThat(mountpoint).doesNotExist();
        }
    }

    private Client.Result qemuIo(String command) {
        return Client.run("qemu-io", "-f", "raw", "-c", command, image.toString());
    }

    private void assertRefused(String lock, Path second, String... options) {
        try (var export = ExportProcess.of(image, second, options).launch()) {
            assertThat(export.awaitExit(Duration.ofSeconds(30))).isEqualTo(1);
            assertThat(export.stderr())
                    .isEqualTo("weir: " + lock + ". Is another process using the image [" + image + "]?\n");
            assertThat(second).doesNotExist();
        }
    }
}
