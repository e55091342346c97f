package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.engine.it.PassthroughIT.OnDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Large reads of an image on a disk are answered with what is in the page cache, without a copy. */
@MountRequired(programs = {"python3", "cmp", "dd"})
class ResidentReadIT {
    /** The build directory: temporary files may be in memory. */
    @TempDir(factory = OnDisk.class)
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() throws Exception {
        image = directory.resolve("disk.raw");
        mountpoint = Files.createFile(directory.resolve("mnt.raw"));
        FuseMounts.watch(mountpoint);
        Client.shell("head -c 16M /dev/urandom >$1", image).ok();
        assumeTrue(Files.getFileStore(image).type().matches("ext4|xfs|btrfs"), "not a file system with a disk below");
    }

    private EmbeddedExport start() {
        return EmbeddedExport.start(
                "raw,node-name=n,file.driver=file,file.locking=off,file.filename=" + image,
                mountpoint,
                1,
                options -> options);
    }

    @Test
    void clientsGetTheBytesOfTheImage() {
        try (var embedded = start()) {
            Client.shell("dd if=$1 bs=1M iflag=direct status=none | cmp - $2", mountpoint, image)
                    .ok();
            assertThat(embedded.export().statistics().residentReads()).isPositive();
            Client.shell(
                            "head -c 1M /dev/urandom | dd of=$1 bs=1M seek=3 conv=notrunc status=none; cmp $1 $2",
                            mountpoint,
                            image)
                    .ok();
        }
    }

    @Test
    void anImageThatOthersCutOffWhileItIsReadCostsRequestsOnly() {
        try (var embedded = start()) {
            String script = """
                    import threading
                    image, mounted = os.open(args[0], os.O_RDWR), os.open(args[1], os.O_RDONLY)
                    data = os.pread(image, 16 << 20, 0)
                    done = []
                    def cut():
                        for i in range(200):
                            os.ftruncate(image, 1 << 20)
                            os.pwrite(image, data[1 << 20:], 1 << 20)
                        done.append(True)
                    thread = threading.Thread(target=cut)
                    thread.start()
                    odd = set()
                    while not done:
                        for at in range(0, 16 << 20, 1 << 20):
                            part = attempt(os.pread, mounted, 1 << 20, at)
                            if isinstance(part, str):
                                odd.add(part)
                            elif any(a != b and a != 0 for a, b in zip(part[::509], data[at:at + (1 << 20):509])):
                                odd.add("foreign bytes")
                    thread.join()
                    assert odd <= {"EIO"}, odd
                    assert os.pread(mounted, 1 << 20, 7 << 20) == data[7 << 20:8 << 20]
                    """;
            Client.python(script, image, mountpoint).ok();
            assertThat(embedded.export().statistics().residentReads()).isPositive();
        }
    }
}
