package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many exports, many clients, and what a daemon keeps of them: nothing. */
@MountRequired(programs = {"dd", "cat"})
class DaemonLoadIT {
    private static final boolean LONG = Boolean.getBoolean("weir.it.long");
    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    Path directory;

    @BeforeEach
    void createImage() {
        Client.run("truncate", "-s", "4M", directory.resolve("disk.raw").toString())
                .ok();
    }

    private DaemonProcess start() {
        return DaemonProcess.start(
                directory, "--blockdev", "driver=file,node-name=f,filename=" + directory.resolve("disk.raw"));
    }

    private Path mountpoint(int number) throws Exception {
        Path mountpoint = directory.resolve("mnt" + number);
        if (!Files.exists(mountpoint)) {
            Files.createFile(mountpoint);
            FuseMounts.watch(mountpoint);
        }
        return mountpoint;
    }

    private static void add(QmpClient client, String id, Path mountpoint) {
        client.ask(
                "block-export-add",
                "'type':'fuse','id':'%s','node-name':'f','mountpoint':'%s','writable':true",
                id,
                mountpoint);
    }

    private static void assertBackTo(long descriptors, long threads, DaemonProcess daemon) {
        ProcessStatus.await("descriptors are back to " + descriptors, SOON, () -> daemon.descriptors() <= descriptors);
        ProcessStatus.await("threads are back to " + threads, SOON, () -> daemon.threads() <= threads);
    }

    @Test
    void exportsComeAndGoUnderLoad() throws Exception {
        int cycles = LONG ? 500 : 100;
        Path mountpoint = mountpoint(0);
        try (var daemon = start();
                var client = daemon.connect()) {
            Client load = Client.startShell(
                    "while :; do dd if=\"$1\" of=/dev/null bs=64k iflag=direct 2>/dev/null || :; done", mountpoint);
            long descriptors = 0;
            long threads = 0;
            for (int i = 0; i < cycles; i++) {
                add(client, "e", mountpoint);
                if (i % 10 == 0) {
                    ProcessStatus.sleep(Duration.ofMillis(20));
                }
                client.ask("block-export-del", "'id':'e','mode':'hard'");
                assertThat(client.deleted()).isEqualTo("e");
                if (i == 20) {
                    descriptors = daemon.descriptors();
                    threads = daemon.threads();
                }
            }
            load.kill().await(SOON);
            assertBackTo(descriptors, threads, daemon);
            assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
            client.ask("blockdev-del", "'node-name':'f'");
        }
    }

    @Test
    void manyExportsAtOnce() throws Exception {
        int exports = LONG ? 200 : 50;
        try (var daemon = start();
                var client = daemon.connect()) {
            // What the first one brings stays.
            add(client, "first", mountpoint(0));
            client.ask("block-export-del", "'id':'first'");
            assertThat(client.deleted()).isEqualTo("first");
            long descriptors = daemon.descriptors();
            long threads = daemon.threads();
            for (int i = 0; i < exports; i++) {
                add(client, "e" + i, mountpoint(i));
            }
            assertThat(client.ask("query-block-exports")).hasSize(exports);
            Client.shell("for mount in \"$1\"/mnt*; do cat \"$mount\" | cmp - \"$1/disk.raw\" & done; wait", directory)
                    .ok();
            assertThat(ProcessStatus.memory(daemon.pid(), "VmRSS")).isLessThan((200 + 3L * exports) * 1024);
            for (int i = 0; i < exports; i++) {
                client.ask("block-export-del", "'id':'e%d'", i);
                assertThat(client.deleted()).isEqualTo("e" + i);
                assertThat(FuseMounts.isMounted(mountpoint(i))).isFalse();
            }
            assertBackTo(descriptors, threads, daemon);
        }
    }

    @Test
    void manyExportsEndAtOnceWithTheDaemon() throws Exception {
        try (var daemon = start();
                var client = daemon.connect()) {
            for (int i = 0; i < 30; i++) {
                add(client, "e" + i, mountpoint(i));
            }
            assertThat(daemon.stop()).isZero();
            assertThat(daemon.stderr()).isEmpty();
            for (int i = 0; i < 30; i++) {
                assertThat(client.deleted()).startsWith("e");
                assertThat(FuseMounts.isMounted(mountpoint(i))).isFalse();
            }
        }
    }

    /** Whatever one of them did is seen by the other, and each export is added once and deleted once. */
    @Test
    void twoClientsRaceForTheSameIds() throws Exception {
        Path mountpoint = mountpoint(0);
        try (var daemon = start();
                var first = daemon.connect();
                var second = daemon.connect();
                var watching = daemon.connect()) {
            var racing = new ArrayList<CompletableFuture<int[]>>();
            for (QmpClient client : new QmpClient[] {first, second}) {
                racing.add(CompletableFuture.supplyAsync(() -> race(client, mountpoint)));
            }
            int added = 0;
            int deleted = 0;
            for (var racer : racing) {
                int[] counts = racer.join();
                added += counts[0];
                deleted += counts[1];
            }
            int left = first.ask("query-block-exports").size();
            assertThat(added).isGreaterThan(20).isEqualTo(deleted + left);
            for (int i = 0; i < deleted; i++) {
                assertThat(watching.deleted()).isEqualTo("e");
            }
            assertThat(watching.hasEvents()).isFalse();
        }
    }

    private static int[] race(QmpClient client, Path mountpoint) {
        int added = 0;
        int deleted = 0;
        for (int i = 0; i < 100; i++) {
            var add = client.answer(
                    "block-export-add",
                    "'type':'fuse','id':'e','node-name':'f','mountpoint':'%s','writable':true",
                    mountpoint);
            added += add.has("return") ? 1 : 0;
            var delete = client.answer("block-export-del", "'id':'e','mode':'hard'");
            deleted += delete.has("return") ? 1 : 0;
        }
        return new int[] {added, deleted};
    }

    @Test
    void aClientThatNeverReadsIsDropped() throws Exception {
        byte[] commands = "{'execute':'query-qmp-schema'}".repeat(500).getBytes(StandardCharsets.UTF_8);
        try (var daemon = start();
                var other = daemon.connect()) {
            long descriptors = daemon.descriptors();
            for (int i = 0; i < 20; i++) {
                try (SocketChannel silent = QmpClient.open(daemon.socket())) {
                    silent.write(ByteBuffer.wrap("{'execute':'qmp_capabilities'}".getBytes(StandardCharsets.UTF_8)));
                    var dropped = CompletableFuture.runAsync(() -> writeUntilDropped(silent, commands));
                    ProcessStatus.await("the client is dropped", SOON, dropped::isDone);
                    dropped.join();
                }
                other.ask("query-version");
            }
            assertThat(ProcessStatus.memory(daemon.pid(), "VmHWM")).isLessThan(250 * 1024);
            ProcessStatus.await("descriptors are back", SOON, () -> daemon.descriptors() <= descriptors);
            assertThat(daemon.stop()).isZero();
        }
    }

    private static void writeUntilDropped(SocketChannel channel, byte[] commands) {
        try {
            while (true) {
                channel.write(ByteBuffer.wrap(commands));
            }
        } catch (java.io.IOException e) {
            assertThat(e.getMessage()).isIn("Broken pipe", "Connection reset by peer");
        }
    }

    /** Each nearly as many as one that is dropped for it. */
    @Test
    void unreadAnswersAreBoundedTogether() throws Exception {
        var channels = new ArrayList<SocketChannel>();
        try (var daemon = start();
                var other = daemon.connect()) {
            byte[] commands = "{'execute':'query-qmp-schema'}".repeat(200).getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < 60; i++) {
                var channel = QmpClient.open(daemon.socket());
                channels.add(channel);
                try {
                    channel.write(ByteBuffer.wrap("{'execute':'qmp_capabilities'}".getBytes(StandardCharsets.UTF_8)));
                    channel.write(ByteBuffer.wrap(commands));
                } catch (java.io.IOException e) {
                    assertThat(i).as("clients that were let in: %s", e).isGreaterThan(16);
                }
            }
            ProcessStatus.sleep(Duration.ofSeconds(1));
            other.ask("query-version");
            for (SocketChannel channel : channels) {
                channel.close();
            }
            assertThat(daemon.stop()).isZero();
        }
    }

    /** More clients than are let in, each with as large a message as it may have begun. */
    @Test
    void unfinishedMessagesAreBounded() throws Exception {
        byte[] half = ("{'execute':'" + "x".repeat(1 << 20)).getBytes(StandardCharsets.UTF_8);
        var channels = new ArrayList<SocketChannel>();
        try (var daemon = start();
                var other = daemon.connect()) {
            for (int i = 0; i < 100; i++) {
                var channel = QmpClient.open(daemon.socket());
                channel.configureBlocking(false);
                channels.add(channel);
            }
            for (int round = 0; round < 50; round++) {
                for (SocketChannel channel : channels) {
                    try {
                        channel.write(ByteBuffer.wrap(half, 0, round == 0 ? 100 : 64 * 1024));
                    } catch (java.io.IOException e) {
                        // One too many: it was not let in.
                        assertThat(channels).hasSizeGreaterThan(16);
                    }
                }
            }
            other.ask("query-version");
            assertThat(ProcessStatus.memory(daemon.pid(), "VmHWM")).isLessThan(300 * 1024);
            for (SocketChannel channel : channels) {
                channel.close();
            }
            assertThat(daemon.stop()).isZero();
        }
    }
}
