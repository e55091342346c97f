package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What lies below the image fails. */
@MountRequired(programs = {"python3", "mount", "umount", "losetup", "mkfs.ext4"})
class ImageFaultIT {
    /** Writes a megabyte at each megabyte until it fails, and tells the errno and how far it came. */
    private static final String FILL = """
            fd = os.open(args[0], os.O_RDWR)
            for i in range(64):
                result = attempt(os.pwrite, fd, bytes([i + 1]) * (1 << 20), i << 20)
                if result != 1 << 20:
                    break
            print(result, i)
            """;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"tmpfs", "ext4"})
    void aFullFileSystemIsTheClientsErrorUntilThereIsRoom(String type) throws Exception {
        Path below = Files.createDirectory(directory.resolve("below"));
        mount(type, below);
        try {
            Path ballast = below.resolve("ballast");
            Client.shell("head -c 20M /dev/zero >$1; truncate -s 64M $2", ballast, below.resolve("disk.raw"))
                    .ok();
            Path mountpoint = directory.resolve("mnt.raw");
            try (var export = ExportProcess.start(below.resolve("disk.raw"), mountpoint, "--writable")) {
                String[] full = Client.python(FILL, mountpoint).text().split(" ");
                assertThat(full[0]).isIn("ENOSPC", Integer.toString(1 << 19), Integer.toString(1 << 18));
                int written = Integer.parseInt(full[1]);
                assertThat(written).isBetween(1, 50);

                Files.delete(ballast);
                String script = """
                        fd = os.open(args[0], os.O_RDWR)
                        written = int(args[1])
                        assert os.pwrite(fd, b"room" * (1 << 18), written << 20) == 1 << 20
                        os.fsync(fd)
                        for i in range(written):
                            assert os.pread(fd, 1 << 20, i << 20) == bytes([i + 1]) * (1 << 20), i
                        assert os.pread(fd, 1 << 20, written << 20) == b"room" * (1 << 18)
                        """;
                Client.python(script, mountpoint, written).ok();
                assertThat(export.stop()).isZero();
                // Errors that clients are told are theirs; nothing but what the end was like belongs on the console.
                assertThat(export.stderr()).isEmpty();
            }
        } finally {
            Client.run("umount", below.toString()).ok();
        }
    }

    private void mount(String type, Path below) {
        if (type.equals("tmpfs")) {
            Client.run("mount", "-t", "tmpfs", "-o", "size=32M", "none", below.toString())
                    .ok();
        } else {
            Path file = directory.resolve("ext4");
            Client.shell("truncate -s 40M $1; mkfs.ext4 -q $1; mount -o loop $1 $2", file, below)
                    .ok();
        }
    }

    @Test
    void anInputOutputErrorIsTheClientsError() throws Exception {
        Path backing = Files.createFile(directory.resolve("backing"));
        Client.run("truncate", "-s", "4M", backing.toString()).ok();
        String device =
                Client.run("losetup", "--find", "--show", backing.toString()).text();
        Path mountpoint = directory.resolve("mnt.raw");
        try (var export = ExportProcess.start(device, mountpoint, "--writable", "--cache-direct")) {
            // A loop device answers EIO behind the end of its file.
            Client.run("truncate", "-s", "1M", backing.toString()).ok();
            String script = """
                    fd = os.open(args[0], os.O_RDWR)
                    print(attempt(os.pread, fd, 4096, 2 << 20), len(os.pread(fd, 4096, 0)),
                          os.pwrite(fd, b"alive" * 4096, 0))
                    """;
            assertThat(Client.python(script, mountpoint).text()).isEqualTo("EIO 4096 20480");
            assertThat(export.stop()).isZero();
        } finally {
            Client.run("losetup", "--detach", device).ok();
        }
    }
}
