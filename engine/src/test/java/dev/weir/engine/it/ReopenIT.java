package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that are reopened while their exports are in use. */
@MountRequired(
        programs = {"fio", "cmp", "qemu-io", "qemu-img"},
        seconds = 110)
class ReopenIT {
    private static final Duration LIMIT = Duration.ofSeconds(90);

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() throws Exception {
        image = directory.resolve("disk.raw");
        mountpoint = Files.createFile(directory.resolve("mnt.raw"));
        FuseMounts.watch(mountpoint);
        Client.run("truncate", "-s", "32M", image.toString()).ok();
    }

    /** With a node {@code f} for the file, and a node {@code r} over it. */
    private DaemonProcess start() {
        return DaemonProcess.start(
                directory,
                "--blockdev",
                "driver=file,node-name=f,filename=" + image,
                "--blockdev",
                "driver=raw,node-name=r,file=f");
    }

    private void export(QmpClient client, boolean writable) {
        client.ask(
                "block-export-add",
                "'type':'fuse','id':'e','node-name':'r','mountpoint':'%s','writable':%s",
                mountpoint,
                writable);
    }

    private void reopen(QmpClient client, String file, String raw) {
        client.ask("blockdev-reopen", "'options':[%s,%s]", file(file), raw(raw));
    }

    private String file(String more) {
        return "{'driver':'file','node-name':'f','filename':'" + image + "'" + more + "}";
    }

    private static String raw(String more) {
        return "{'driver':'raw','node-name':'r','file':'f'" + more + "}";
    }

    private static JsonNode node(QmpClient client, String name) {
        for (JsonNode node : client.ask("query-named-block-nodes")) {
            if (node.get("node-name").textValue().equals(name)) {
                return node;
            }
        }
        throw new AssertionError("there is no node " + name);
    }

    /** All that fio writes it reads back, while each request may meet another device than the one before. */
    @Test
    void clientsNoticeNothing() {
        try (var daemon = start();
                var client = daemon.connect()) {
            export(client, true);
            long descriptors = daemon.descriptors();
            Client load = Client.startShell(
                    "fio --name=load --filename=$1 --size=8m --numjobs=3 --offset_increment=8m --rw=randrw --bsrange=512-64k"
                            + " --ioengine=libaio --direct=1 --iodepth=16 --verify=crc32c --verify_fatal=1 --fsync=64"
                            + " --verify_state_save=0 --loops=4 --group_reporting --eta=never",
                    mountpoint);
            int rounds = 0;
            while (load.isAlive() || rounds < 4) {
                reopen(client, ",'cache':{'direct':true}", "");
                assertThat(client.refused("blockdev-reopen", "'options':[%s]", raw(",'read-only':true")))
                        .isEqualTo("Read-only block node 'r' cannot support read-write users");
                assertThat(client.refused("blockdev-reopen", "'options':[%s]", file(",'read-only':true")))
                        .isEqualTo("Read-only block node 'f' cannot support read-write users");
                assertThat(node(client, "f").at("/cache/direct").booleanValue()).isTrue();
                reopen(client, ",'discard':'unmap','detect-zeroes':'unmap'", ",'cache':{'direct':true}");
                assertThat(node(client, "f").at("/cache/direct").booleanValue()).isFalse();
                assertThat(client.refused(
                                "blockdev-reopen",
                                "'options':[%s,%s]",
                                file(""),
                                raw(",'offset':%d".formatted(1L << 40))))
                        .startsWith("Offset (");
                assertThat(node(client, "f").get("detect_zeroes").textValue()).isEqualTo("unmap");
                rounds++;
            }
            load.await(LIMIT).ok();
            assertThat(rounds)
                    .as("times that the nodes were reopened under load")
                    .isGreaterThan(4);
            ProcessStatus.await("no descriptor is left", LIMIT, () -> daemon.descriptors() <= descriptors);
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            assertThat(client.hasEvents()).isFalse();
        }
    }

    @Test
    void theImageStaysLockedAgainstOthers() {
        try (var daemon = start();
                var client = daemon.connect()) {
            export(client, false);
            Client others = Client.startShell(
                    "until test -e \"$2\"; do qemu-io -f raw -c 'write 0 512' \"$1\" >/dev/null 2>&1 && echo wrote; done; :",
                    image,
                    directory.resolve("stop"));
            for (int i = 0; i < 30; i++) {
                String readOnly = ",'read-only':" + (i % 2 == 0);
                reopen(client, readOnly, readOnly);
                assertThat(node(client, "f").get("ro").booleanValue()).isEqualTo(i % 2 == 0);
            }
            Client.run("touch", directory.resolve("stop").toString()).ok();
            assertThat(others.await(LIMIT).ok().out()).isEmpty();
            qemuIo().failed("Failed to get \"write\" lock");
            client.ask("block-export-del", "'id':'e'");
            qemuIo().ok();
        }
    }

    @Test
    void aReadOnlyNodeBecomesWritable() {
        try (var daemon = start();
                var client = daemon.connect()) {
            reopen(client, ",'read-only':true", ",'read-only':true");
            assertThat(client.refused(
                            "block-export-add",
                            "'type':'fuse','id':'e','node-name':'r','mountpoint':'%s','writable':true",
                            mountpoint))
                    .isEqualTo("Cannot export read-only node as writable");
            reopen(client, "", "");
            export(client, true);
            Client.shell("echo hello | dd of=$1 conv=notrunc 2>/dev/null", mountpoint)
                    .ok();
            Client.run("qemu-img", "convert", "-f", "raw", "-O", "raw", image.toString(), image + ".copy")
                    .failed("Failed to get shared \"write\" lock");
            client.ask("block-export-del", "'id':'e'");
            reopen(client, ",'read-only':true", ",'read-only':true");
            Client.shell("head -c 5 $1 | grep -qx hello", image).ok();
        }
    }

    @Test
    void clientsSeeTheWindowThatTheNodeBecomes() {
        try (var daemon = start();
                var client = daemon.connect()) {
            export(client, true);
            reopen(client, "", ",'offset':1048576,'size':4096");
            ProcessStatus.await(
                    "the new size is seen",
                    LIMIT,
                    () -> Client.run("stat", "-c", "%s", mountpoint.toString()).number() == 4096);
            Client.shell("printf window | dd of=$1 conv=notrunc 2>/dev/null", mountpoint)
                    .ok();
            Client.shell("tail -c +1048577 $1 | head -c 6 | grep -qx window", image)
                    .ok();
        }
    }

    private Client.Result qemuIo() {
        return Client.run("qemu-io", "-f", "raw", "-c", "write 0 512", image.toString());
    }
}
