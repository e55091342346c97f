package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Overlays that come over exported nodes while clients are at work. */
@MountRequired(
        programs = {"fio", "cmp", "qemu-img"},
        seconds = 110)
class SnapshotIT {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final String LOAD =
            "fio --name=load --filename=$1 --size=8m --numjobs=3 --offset_increment=8m --rw=randrw --bsrange=512-64k"
                    + " --ioengine=libaio --direct=1 --iodepth=16 --verify=crc32c --verify_fatal=1 --fsync=64"
                    + " --verify_state_save=0 --loops=3 --group_reporting --eta=never";

    @TempDir
    Path directory;

    private Path mountpoint;

    @BeforeEach
    void createImages() throws Exception {
        mountpoint = Files.createFile(directory.resolve("mnt.raw"));
        FuseMounts.watch(mountpoint);
        Client.run("qemu-img", "create", "-q", "-f", "qcow2", image("base"), "32M")
                .ok();
        Client.run("qemu-img", "create", "-q", "-f", "raw", image("raw"), "32M").ok();
    }

    private String image(String name) {
        return directory.resolve(name).toString();
    }

    private DaemonProcess start(String format) {
        return DaemonProcess.start(
                directory,
                "--blockdev",
                "driver=%1$s,node-name=n0,file.driver=file,file.filename=%2$s"
                        .formatted(format, image(format.equals("raw") ? "raw" : "base")));
    }

    private void export(QmpClient client) {
        client.ask(
                "block-export-add",
                "'type':'fuse','id':'e','node-name':'n0','mountpoint':'%s','writable':true",
                mountpoint);
    }

    /** A new image that names the one below it, and a node for it. */
    private void addOverlay(QmpClient client, String node, String below, String format, String size) {
        Client.run("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", below, "-F", format, image(node), size)
                .ok();
        client.ask(
                "blockdev-add",
                "'driver':'qcow2','node-name':'%s','file':{'driver':'file','filename':'%s'},'backing':null",
                node,
                image(node));
    }

    private static JsonNode only(JsonNode list) {
        assertThat(list).hasSize(1);
        return list.get(0);
    }

    /** All that fio writes it reads back, whichever of the images it went to. */
    private void clientsNoticeNothing(String format, String base) {
        try (var daemon = start(format);
                var client = daemon.connect()) {
            export(client);
            Client load = Client.startShell(LOAD, mountpoint);
            int top = 0;
            while (load.isAlive() && top < 8 || top < 3) {
                String below = top == 0 ? image(base) : image("n" + top);
                addOverlay(client, "n" + (top + 1), below, top == 0 ? format : "qcow2", "32M");
                client.ask("blockdev-snapshot", "'node':'n%d','overlay':'n%d'", top, top + 1);
                top++;
                assertThat(only(client.ask("query-block-exports"))
                                .get("node-name")
                                .textValue())
                        .isEqualTo("n" + top);
                assertThat(client.refused("blockdev-snapshot", "'node':'n0','overlay':'n%d'", top))
                        .isEqualTo("Node 'n0' is busy: node is used as backing hd of 'n1'");
                Client.shell("sleep 0.3").ok();
            }
            load.await(LIMIT).ok();
            Client.run("cp", mountpoint.toString(), image("copy")).ok();
            assertThat(client.hasEvents()).isFalse();
            client.ask("block-export-del", "'id':'e'");
            for (int i = top; i >= 0; i--) {
                client.ask("blockdev-del", "'node-name':'n%d'", i);
            }
            for (int i = 1; i <= top; i++) {
                Client.run("qemu-img", "check", "-q", image("n" + i)).ok();
            }
            Client.run("qemu-img", "compare", "-q", "-f", "raw", "-F", "qcow2", image("copy"), image("n" + top))
                    .ok();
        }
    }

    @Test
    void clientsOfAQcow2ImageNoticeNothing() {
        clientsNoticeNothing("qcow2", "base");
        Client.run("qemu-img", "check", "-q", image("base")).ok();
    }

    @Test
    void clientsOfARawImageNoticeNothing() {
        clientsNoticeNothing("raw", "raw");
    }

    @Test
    void theImageBelowStaysAsItWas() {
        try (var daemon = start("raw");
                var client = daemon.connect()) {
            export(client);
            Client.shell("printf below | dd of=$1 conv=notrunc 2>/dev/null", mountpoint)
                    .ok();
            addOverlay(client, "n1", image("raw"), "raw", "48M");
            client.ask("blockdev-snapshot", "'node':'n0','overlay':'n1'");
            ProcessStatus.await(
                    "the size of the overlay is seen",
                    LIMIT,
                    () -> Client.run("stat", "-c", "%s", mountpoint.toString()).number() == 48L << 20);
            Client.shell("head -c 5 $1 | grep -qx below", mountpoint).ok();
            Client.shell("printf above | dd of=$1 conv=notrunc,fsync 2>/dev/null", mountpoint)
                    .ok();
            Client.shell("head -c 5 $1 | grep -qx above", mountpoint).ok();
            Client.shell("head -c 5 $1 | grep -qx below", directory.resolve("raw"))
                    .ok();
            // Nobody writes to it any more: others may read it.
            Client.run("qemu-img", "compare", "-q", "-f", "raw", "-F", "raw", image("raw"), image("raw"))
                    .ok();
        }
    }
}
