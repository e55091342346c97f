package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weir list}, {@code add} and the others against a daemon that is one. */
@MountRequired(programs = {"cmp", "python3", "stty"})
class DaemonClientsIT {
    private static final String SCRIPT =
            Path.of("..", "bin", "weir").toAbsolutePath().normalize().toString();

    @TempDir
    Path directory;

    private Path socket;
    private Path image;
    private Path mountpoint;
    private Client daemon;

    @BeforeEach
    void startDaemon() throws Exception {
        socket = directory.resolve("qmp.sock");
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.run("truncate", "-s", "4M", image.toString()).ok();
        FuseMounts.watch(mountpoint);
        daemon = Client.start(
                "env",
                "JAVA_HOME=" + System.getProperty("java.home"),
                SCRIPT,
                "daemon",
                "--chardev",
                "socket,id=c,server=on,wait=off,path=" + socket,
                "--monitor",
                "c");
        for (int i = 0; i < 1000 && !Files.exists(socket); i++) {
            Thread.sleep(20);
        }
    }

    @AfterEach
    void endDaemon() {
        if (daemon.isAlive()) {
            daemon.kill();
        }
        FuseMounts.remove(FuseMounts.watched());
    }

    /** The socket is named by the environment. */
    private Client.Result weir(String... words) {
        List<String> command = new ArrayList<>(
                List.of("env", "JAVA_HOME=" + System.getProperty("java.home"), "WEIR_SOCKET=" + socket, SCRIPT));
        command.addAll(List.of(words));
        return Client.run(command.toArray(String[]::new));
    }

    private void awaitDaemonsEnd() {
        Client.Result ended = daemon.await(java.time.Duration.ofSeconds(30)).ok();
        assertThat(ended.out() + ended.err()).isEmpty();
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        assertThat(socket).doesNotExist();
    }

    @Test
    void anExportIsAddedListedResizedAndRemoved() {
        assertThat(weir("list").text()).doesNotContain("mnt");
        assertThat(weir("add", image.toString(), mountpoint.toString(), "--writable")
                        .text())
                .isEqualTo("mnt");
        assertThat(FuseMounts.isMounted(mountpoint)).isTrue();
        Client.shell("printf 'written' | dd of=$1 bs=7 seek=100 conv=notrunc,fsync status=none", mountpoint)
                .ok();
        Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        assertThat(weir("list").text().lines())
                .hasSize(2)
                .last()
                .asString()
                .matches("mnt +weir-add.mnt +" + mountpoint + " +4 MiB +writable +0");
        weir("add", image.toString(), directory.resolve("second.raw").toString(), "--writable")
                .failed("weir: Failed to get \"write\" lock");
        assertThat(directory.resolve("second.raw")).doesNotExist();

        assertThat(weir("resize", "mnt", "8M").text()).isEmpty();
        assertThat(Client.run("stat", "-c", "%s", mountpoint.toString()).number())
                .isEqualTo(8 << 20);
        assertThat(weir("info", "mnt").text())
                .contains(
                        "Export mnt",
                        "size:          8 MiB (8388608)",
                        "file:          " + image,
                        "driver:        file")
                .containsPattern("write: +1 requests, 7 B, 0 errors");
        assertThat(weir("info", "--json").text()).startsWith("{").contains("\"latencies\"");

        assertThat(weir("remove", "mnt").text()).isEmpty();
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        assertThat(weir("list", "--json").text().replaceAll("\\s", "")).isEqualTo("[]");
        assertThat(weir("info").text()).as("nodes that are left").isEmpty();
        weir("remove", "mnt").failed("weir: Export 'mnt' is not found\n");

        // The lock is given back, and the id.
        assertThat(weir("add", image.toString(), mountpoint.toString(), "--writable")
                        .text())
                .isEqualTo("mnt");
        assertThat(weir("stop").text()).isEmpty();
        awaitDaemonsEnd();
        weir("list").failed("weir: no daemon listens on '" + socket + "'\n");
    }

    @Test
    void topTellsWhatClientsDo() {
        weir("add", "memory:4M", mountpoint.toString(), "--id=busy", "--writable")
                .ok();
        Client reader = Client.startShell(
                "end=$(($(date +%s) + 5)); while [ $(date +%s) -lt $end ]; do"
                        + " dd if=$1 of=/dev/null bs=4k iflag=direct status=none; done",
                mountpoint);

        List<String> lines =
                weir("top", "--once", "--interval=2").text().lines().toList();

        assertThat(lines).hasSize(3);
        // Reads and their bytes, no writes; a mean and percentiles.
        String reads = " +[1-9][\\d.k]* +0 +[\\d.]*[1-9][\\d.]* +0 +[\\d.]+ +- +[\\d.]+ +[\\d.]+ +\\d+ +\\d+ +0";
        assertThat(lines.get(1)).matches("busy" + reads);
        assertThat(lines.get(2)).matches("TOTAL" + reads);
        reader.await(java.time.Duration.ofSeconds(30)).ok();
        weir("stop").ok();
        awaitDaemonsEnd();
    }

    @Test
    void topLeavesTheTerminalAsItWas() {
        weir("add", "memory:4M", mountpoint.toString(), "--id=disk").ok();
        for (String end : List.of("q", "ctrl-c", "terminate", "stop")) {
            Client.python(Client.resource("top.py"), SCRIPT, System.getProperty("java.home"), socket, end)
                    .ok();
        }
        awaitDaemonsEnd();
    }
}
