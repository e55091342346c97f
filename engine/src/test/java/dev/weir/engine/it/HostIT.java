package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines and containers where something is missing. */
@MountRequired(programs = {"unshare", "setpriv", "mount"})
class HostIT {
    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() throws Exception {
        image = Files.writeString(directory.resolve("disk.raw"), "image");
        mountpoint = directory.resolve("mnt.raw");
    }

    @Test
    void withoutTheDevice() {
        String hide = """
                mkdir "$0/dev"
                mount -t tmpfs none "$0/dev"
                cp -a /dev/null /dev/zero /dev/urandom /dev/random /dev/tty "$0/dev"
                mount --move "$0/dev" /dev
                exec "$@"
                """;
        assertRefused(
                "no /dev/fuse: load the kernel module fuse, or pass the device in",
                "unshare",
                "--mount",
                "sh",
                "-ec",
                hide,
                directory.toString());
    }

    @Test
    void withoutTheRightToOpenTheDevice() {
        String bind = "mount --bind /dev/fuse /dev/fuse; mount -o remount,bind,nodev /dev/fuse; exec \"$@\"";
        assertRefused("no right to open /dev/fuse", "unshare", "--mount", "sh", "-ec", bind, "sh");
    }

    @Test
    void withoutTheRightToMount() {
        assertRefused(
                "no right to mount on '" + mountpoint + "': mount(2) needs CAP_SYS_ADMIN",
                "setpriv",
                "--bounding-set=-sys_admin",
                "--inh-caps=-sys_admin");
    }

    private void assertRefused(String message, String... prefix) {
        Client.Result result =
                ExportProcess.of(image, mountpoint).prefix(prefix).run();
        assertThat(result.exit()).as(result.toString()).isEqualTo(1);
        assertThat(result.err()).isEqualTo("weir: " + message + "\n");
        assertThat(result.out()).isEmpty();
        assertThat(mountpoint).doesNotExist();
        assertThat(image).content().isEqualTo("image");
    }

    @Test
    void withMountsWhoseNamesAreNotInTheCharacterSet() {
        String foreign = """
                mkdir "$0/\303\274" "$0/$(printf 'a\\rb c')"
                mount -t tmpfs none "$0/\303\274"
                mount -t tmpfs none "$0/$(printf 'a\\rb c')"
                exec "$@"
                """;
        try (var export = ExportProcess.of(image, mountpoint)
                .prefix("unshare", "--mount", "env", "LC_ALL=C", "sh", "-ec", foreign, directory.toString())
                .launch()) {
            String mounts = "/proc/" + export.pid() + "/mounts";
            Client.shell("for i in $(seq 200); do grep -q $2 $1 && exit; sleep 0.05; done; exit 1", mounts, mountpoint)
                    .ok();
            assertThat(Client.run("nsenter", "--mount", "--target", Long.toString(export.pid()), "cat", "" + mountpoint)
                            .text())
                    .isEqualTo("image");
            assertThat(export.stop()).isZero();
            assertThat(export.stderr()).isEmpty();
        }
    }
}
