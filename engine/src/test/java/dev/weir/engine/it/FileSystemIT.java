package dev.weir.engine.it;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An ext4 file system on a loop device over an export. */
@MountRequired(programs = {"losetup", "mkfs.ext4", "fsck.ext4", "fstrim", "tar"})
class FileSystemIT {
    private static final Duration LIMIT = Duration.ofSeconds(80);

    /** Makes a file system on $1, fills it at $2, checks it, and compares it after it was mounted again. */
    private static final String FILL = """
            loop=$(losetup --find --show --direct-io=$3 $1)
            test $(blockdev --getsize64 $loop) = $(stat -c %s $1)
            mkfs.ext4 -q $loop
            mount $loop $2
            head -c 20000001 /dev/urandom >$2/large
            mkdir $2/many
            for i in $(seq 200); do echo file $i >$2/many/$i; done
            tar -C /usr/lib -cf - os-release >$2/tar
            rm -f $2/many/1??
            sync -f $2/large
            (cd $2; find . -type f -print0 | sort -z | xargs -0 sha256sum) >$4
            umount $2
            fsck.ext4 -fn $loop
            mount $loop $2
            (cd $2; sha256sum --quiet -c $4)
            rm $2/large
            sync -f $2/tar
            fstrim $2
            umount $2
            losetup -d $loop
            """;

    private static final String CHECK = """
            loop=$(losetup --find --show --read-only $1)
            fsck.ext4 -fn $loop
            mount -o ro,noload $loop $2
            test $(ls $2/many | wc -l) = 100
            test "$(cat $2/many/7)" = "file 7"
            umount $2
            losetup -d $loop
            """;

    @TempDir
    Path directory;

    /** Whatever a failed test left of the mount and the loop device, which would keep the export in use. */
    @AfterEach
    void detach() {
        Client.shell("""
                if mountpoint -q $1; then umount -l $1; fi
                for loop in $(losetup -nO NAME -j $2 2>/dev/null); do losetup -d $loop; done
                """, directory.resolve("fs"), directory.resolve("mnt.raw"));
    }

    @ParameterizedTest
    @CsvSource({
        "off, --format=raw",
        "on, --format=raw",
        "on, --cache-direct",
        "on, --iothreads=2",
        "off, --writethrough"
    })
    void isWrittenCheckedAndFoundAgain(String direct, String option) {
        assumeThat(Boolean.getBoolean("weir.it.required")
                        || Client.run("losetup", "--find").exit() == 0)
                .as("loop devices")
                .isTrue();
        Path image = directory.resolve("disk.raw");
        Path mountpoint = directory.resolve("mnt.raw");
        Path fileSystem = directory.resolve("fs");
        Client.shell("truncate -s 64M $1; mkdir $2", image, fileSystem).ok();
        try (var export = ExportProcess.start(image, mountpoint, "--writable", option)) {
            Client.startShell(FILL, mountpoint, fileSystem, direct, directory.resolve("sums"))
                    .await(LIMIT)
                    .ok();
            detach();
        }
        // fstrim came down to the image.
        Client.shell("test $(du -k $1 | cut -f1) -lt 12000", image).ok();
        try (var export = ExportProcess.start(image, mountpoint)) {
            Client.startShell(CHECK, mountpoint, fileSystem).await(LIMIT).ok();
            detach();
        }
    }
}
