package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.BlockExport;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.storage.NodeOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many exports on one event loop. */
@MountRequired(programs = "dd", seconds = 110)
class ManyExportsIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int COUNT = 64;
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    /** What they hold after a burst is given back, but for about what one of them takes. */
    @Test
    void restingTheyShareTheMemoryOfOne() throws Exception {
        try (BlockEngine engine = BlockEngine.create()) {
            List<BlockExport> exports = new ArrayList<>();
            for (int i = 0; i < COUNT; i++) {
                Path mountpoint = Files.createFile(directory.resolve("mnt" + i));
                FuseMounts.watch(mountpoint);
                exports.add(engine.addNode(NodeOptions.parse("null-co,size=16M"))
                        .flatMap(node -> engine.export(
                                node,
                                FuseExportOptions.at(mountpoint).writable(true).build()))
                        .block(LIMIT));
            }
            assertThat(engine.bufferBytes()).isLessThan(3 * MIB);

            for (BlockExport export : exports) {
                Client.run(
                                "dd",
                                "if=/dev/zero",
                                "of=" + export.mountpoint(),
                                "bs=4M",
                                "count=2",
                                "conv=notrunc",
                                "oflag=direct",
                                "status=none")
                        .ok();
            }
            assertThat(exports)
                    .allSatisfy(export -> assertThat(export.inFlightBytes()).isZero());
            ProcessStatus.await("memory is given back", LIMIT, () -> engine.bufferBytes() < 3 * MIB);
        }
    }

    /** A budget that two exports fit in does not take a third, and says what to do. */
    @Test
    void anExportWithoutAGuaranteeIsRefused() throws Exception {
        Files.createFile(directory.resolve("a"));
        Files.createFile(directory.resolve("b"));
        String export = "fuse,node-name=n,mountpoint=%s/%s,id=%s";
        var daemon = Client.run(
                DaemonProcess.SCRIPT.toString(),
                "--max-in-flight-total=2M",
                "--blockdev",
                "null-co,node-name=n,size=1M",
                "--export",
                export.formatted(directory, "a", "a"),
                "--export",
                export.formatted(directory, "b", "b"));
        assertThat(daemon.exit()).isOne();
        assertThat(daemon.err()).contains("is too small for 2 queues; raise max-in-flight-total");
        assertThat(FuseMounts.isMounted(directory.resolve("a"))).isFalse();
    }

    @Test
    void manyRestingExportsTakeLittle() throws Exception {
        List<String> arguments = new ArrayList<>();
        for (int i = 0; i < 2 * COUNT; i++) {
            Path mountpoint = Files.createFile(directory.resolve("mnt" + i));
            arguments.add("--blockdev");
            arguments.add("memory,size=1M,node-name=n" + i);
            arguments.add("--export");
            arguments.add("fuse,id=e" + i + ",node-name=n" + i + ",mountpoint=" + mountpoint);
        }
        try (var daemon = DaemonProcess.start(directory, arguments.toArray(String[]::new))) {
            long resident = ProcessStatus.memory(daemon.pid(), "VmRSS");
            System.out.printf("resident size with %d exports: %d MiB%n", 2 * COUNT, resident / 1024);
            assertThat(resident).as("resident size in KiB").isLessThan(150 * 1024);
        }
    }
}
