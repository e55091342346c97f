package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A daemon, its control socket, and its mounts. */
@MountRequired(programs = {"dd", "stat", "umount"})
class DaemonIT {
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() throws Exception {
        image = directory.resolve("disk.raw");
        mountpoint = Files.createFile(directory.resolve("mnt.raw"));
        FuseMounts.watch(mountpoint);
        Client.run("truncate", "-s", "16M", image.toString()).ok();
    }

    private DaemonProcess start(String... more) {
        return DaemonProcess.start(directory, more);
    }

    /** With the export {@code e} of the node {@code f}. */
    private DaemonProcess exporting() {
        return start(
                "--blockdev",
                "driver=file,node-name=f,filename=" + image,
                "--export",
                "type=fuse,id=e,node-name=f,mountpoint=" + mountpoint + ",writable=on");
    }

    private Client startWriting() {
        return Client.startShell(
                "while dd if=/dev/zero of=\"$1\" bs=64k count=64 oflag=direct conv=notrunc 2>/dev/null; do :; done",
                mountpoint);
    }

    @Test
    void sigtermUnderLoadEndsWell() {
        try (var daemon = exporting();
                var client = daemon.connect()) {
            Client writing = startWriting();
            ProcessStatus.await(
                    "writing begins",
                    SOON,
                    () -> client.ask("x-weir-query-exports")
                                    .get(0)
                                    .get("operations")
                                    .get("write")
                                    .get("requests")
                                    .longValue()
                            > 10);
            assertThat(daemon.stop()).isZero();
            assertThat(daemon.stderr()).isEmpty();
            assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
            assertThat(client.deleted()).isEqualTo("e");
            writing.kill().await(SOON);
        }
    }

    @Test
    void theEndOfTheExportIsToldAndThenQuitAnswered() {
        try (var daemon = exporting();
                var quitting = daemon.connect();
                var other = daemon.connect()) {
            quitting.ask("quit");
            assertThat(quitting.hasEvents()).isTrue();
            assertThat(quitting.deleted()).isEqualTo("e");
            assertThat(other.deleted()).isEqualTo("e");
            other.awaitEnd();
            assertThat(daemon.awaitExit(SOON)).isZero();
            assertThat(daemon.stderr()).isEmpty();
            assertThat(daemon.socket()).doesNotExist();
            assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        }
    }

    @Test
    void theEndIsToldBeforeTheCommandIsAnswered() {
        try (var daemon = exporting();
                var client = daemon.connect()) {
            client.ask("block-export-del", "'id':'e'");
            assertThat(client.hasEvents()).isTrue();
            assertThat(client.deleted()).isEqualTo("e");
            assertThat(client.ask("query-block-exports")).isEmpty();
            client.ask("blockdev-del", "'node-name':'f'");
        }
    }

    @Test
    void anUnmountByOthersIsTold() {
        try (var daemon = exporting();
                var client = daemon.connect()) {
            Client.run("umount", mountpoint.toString()).ok();
            assertThat(client.deleted()).isEqualTo("e");
            assertThat(client.ask("query-block-exports")).isEmpty();
            client.ask("block-export-add", "'type':'fuse','id':'e','node-name':'f','mountpoint':'%s'", mountpoint);
            assertThat(FuseMounts.isMounted(mountpoint)).isTrue();
        }
    }

    @Test
    void aFullFileSystemBelowIsTold() throws Exception {
        Path small = Files.createDirectory(directory.resolve("small"));
        Client.run("mount", "-t", "tmpfs", "-o", "size=1M", "none", small.toString())
                .ok();
        image = small.resolve("disk.raw");
        Client.run("truncate", "-s", "16M", image.toString()).ok();
        try (var daemon = exporting();
                var client = daemon.connect()) {
            Client.run("dd", "if=/dev/zero", "of=" + mountpoint, "bs=64k", "oflag=direct", "conv=notrunc")
                    .failed("No space left on device");
            JsonNode error = client.event("BLOCK_IO_ERROR");
            assertThat(error.get("node-name").textValue()).isEqualTo("f");
            assertThat(error.get("operation").textValue()).isEqualTo("write");
            assertThat(error.get("nospace").booleanValue()).isTrue();
            assertThat(error.get("reason").textValue()).isEqualTo("No space left on device");
        } finally {
            Client.run("umount", "-l", small.toString());
        }
    }

    @Test
    void aNewSizeIsSeenByClients() {
        try (var daemon = exporting();
                var client = daemon.connect()) {
            assertThat(size()).isEqualTo(16 << 20);
            for (int mebibytes : new int[] {20, 5}) {
                client.ask("block_resize", "'node-name':'f','size':%d", mebibytes << 20);
                ProcessStatus.await("the new size is seen", SOON, () -> size() == mebibytes << 20);
            }
            assertThat(image).hasSize(5 << 20);
        }
    }

    private long size() {
        return Client.run("stat", "-c", "%s", mountpoint.toString()).number();
    }

    @Test
    void anOwnMountIsNoImage() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), mountpoint);
        try (var daemon = exporting();
                var client = daemon.connect()) {
            for (Path spelling : new Path[] {mountpoint, link, directory.resolve("./mnt.raw")}) {
                assertThat(client.refused(
                                "blockdev-add", "'driver':'file','node-name':'own','filename':'%s'", spelling))
                        .isEqualTo("'" + spelling
                                + "' is an export of this process, which cannot use it as an image itself");
            }
        }
    }

    @Test
    void aSecondSpellingOfAMountpointIsRefused() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), mountpoint);
        try (var daemon = exporting();
                var client = daemon.connect()) {
            for (Object spelling : new Object[] {mountpoint, link, directory + "/./mnt.raw"}) {
                assertThat(client.refused(
                                "block-export-add",
                                "'type':'fuse','id':'e2','node-name':'f','mountpoint':'%s'",
                                spelling))
                        .isEqualTo("There already is a FUSE export on '" + spelling + "'");
            }
            assertThat(client.ask("query-block-exports")).hasSize(1);
        }
    }

    @Test
    void aThreadThatServesAnExportIsNotDeleted() {
        try (var daemon = exporting();
                var client = daemon.connect()) {
            client.ask("object-add", "'qom-type':'iothread','id':'t'");
            client.ask("block-export-del", "'id':'e'");
            client.ask(
                    "block-export-add",
                    "'type':'fuse','id':'e','node-name':'f','mountpoint':'%s','iothread':['t','main-loop']",
                    mountpoint);
            assertThat(client.refused("object-del", "'id':'t'")).isEqualTo("object 't' is in use, can not be deleted");
            assertThat(size()).isEqualTo(16 << 20);
            client.ask("block-export-del", "'id':'e'");
            client.ask("object-del", "'id':'t'");
        }
    }

    @Test
    void aThrottleGroupLimitsAMount() {
        try (var daemon = start(
                        "--object",
                        "throttle-group,id=g,limits.iops-total=200,limits.bps-total=0",
                        "--blockdev",
                        "throttle,node-name=t,throttle-group=g,file.driver=file,file.filename=" + image,
                        "--export",
                        "fuse,id=e,node-name=t,mountpoint=" + mountpoint + ",writable=on");
                var client = daemon.connect()) {
            // Twenty-five may come at once, at the beginning.
            assertThat(seconds("dd if=/dev/zero of=$1 bs=4k count=425 oflag=direct conv=notrunc"))
                    .isBetween(1.6, 2.5);
            client.ask(
                    "qom-set", "'path':'/objects/g','property':'limits','value':{'iops-total':0,'bps-total':8388608}");
            assertThat(seconds("dd if=$1 of=/dev/null bs=64k count=256 iflag=direct"))
                    .isBetween(1.5, 2.5);
        }
    }

    private double seconds(String script) {
        long begin = System.nanoTime();
        Client.shell(script, mountpoint).ok();
        return (System.nanoTime() - begin) / 1e9;
    }

    @Test
    void theEndDoesNotWaitForTheThrottle() {
        try (var daemon = start(
                "--object",
                "throttle-group,id=g,limits.bps-total=4096",
                "--blockdev",
                "throttle,node-name=t,throttle-group=g,file.driver=file,file.filename=" + image,
                "--export",
                "fuse,id=e,node-name=t,mountpoint=" + mountpoint + ",writable=on")) {
            Client writing = startWriting();
            ProcessStatus.await("requests wait", SOON, () -> FuseMounts.waiting(mountpoint) > 0);
            ProcessStatus.sleep(Duration.ofMillis(500));
            long begin = System.nanoTime();
            assertThat(daemon.stop()).isZero();
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(4));
            assertThat(daemon.stderr()).isEmpty();
            writing.kill().await(SOON);
        }
    }

    @Test
    void aStartThatFailsLeavesNothing() {
        Client.Result failed = Client.run(
                DaemonProcess.SCRIPT.toString(),
                "--blockdev",
                "driver=file,node-name=f,filename=" + image,
                "--chardev",
                "socket,id=c,path=" + directory.resolve("qmp.sock") + ",server=on,wait=off",
                "--monitor",
                "c",
                "--export",
                "type=fuse,id=e,node-name=f,mountpoint=" + mountpoint,
                "--export",
                "type=fuse,id=e,node-name=f,mountpoint=" + mountpoint);
        assertThat(failed.exit()).isEqualTo(1);
        assertThat(failed.err())
                .isEqualTo("weir-storage-daemon: --export type=fuse,id=e,node-name=f,mountpoint=" + mountpoint
                        + ": Block export id 'e' is already in use\n");
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        assertThat(directory.resolve("qmp.sock")).doesNotExist();
    }
}
