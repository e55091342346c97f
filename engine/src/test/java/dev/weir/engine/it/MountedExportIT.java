package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The way from image to mount and back. */
@MountRequired(programs = "cmp")
class MountedExportIT {
    @TempDir
    Path directory;

    @Test
    void theMountShowsTheBytesOfTheImage() throws Exception {
        Path image = directory.resolve("disk.raw");
        Path mountpoint = directory.resolve("mnt.raw");
        Client.shell("head -c 3000001 /dev/urandom >$1", image).ok();

        try (var export = ExportProcess.start(image, mountpoint)) {
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            assertThat(export.stdout()).isEmpty();
        }

        assertThat(Files.exists(mountpoint))
                .as("the mountpoint that was created is gone")
                .isFalse();
    }

    @Test
    void aMountpointThatWasThereStays() throws Exception {
        Path image = Files.writeString(directory.resolve("disk.raw"), "image");
        Path mountpoint = Files.writeString(directory.resolve("mnt.raw"), "covered");

        try (var export = ExportProcess.start(image, mountpoint)) {
            assertThat(Client.run("cat", export.mountpoint().toString()).text()).isEqualTo("image");
        }

        assertThat(mountpoint).content().isEqualTo("covered");
    }

    @Test
    void anExportOnItsOwnImageCoversIt() throws Exception {
        Path image = Files.writeString(directory.resolve("disk.raw"), "0123456789");

        try (var export = ExportProcess.start(image, image, "--writable")) {
            Client.shell("printf AB | dd of=$1 bs=1 seek=4 conv=notrunc status=none", export.mountpoint())
                    .ok();
            assertThat(Client.run("cat", image.toString()).text()).isEqualTo("0123AB6789");
        }

        assertThat(image).content().isEqualTo("0123AB6789");
    }
}
