package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** SIGTERM while an export is being started: nothing may stay mounted, and no file that was created for it. */
@MountRequired
class EarlySignalIT {
    /** 128 + SIGTERM: the JVM had not come to the command yet. */
    private static final int KILLED_BY_SIGTERM = 143;

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
    void asSoonAsTheMountIsThere() {
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            assertThat(export.stop()).isZero();
            assertGone(export);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 300, 400, 500, 600, 800})
    void atSomeTimeOfTheStart(int milliseconds) throws Exception {
        try (var export = ExportProcess.of(image, mountpoint, "--writable").launch()) {
            Thread.sleep(milliseconds);
            assertThat(export.stop()).isIn(0, KILLED_BY_SIGTERM);
            assertGone(export);
        }
    }

    private void assertGone(ExportProcess export) {
        assertThat(export.stderr()).isEmpty();
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        assertThat(Files.exists(mountpoint)).isFalse();
    }
}
