package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.RemoveMode;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.storage.NodeOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What exports and failed starts leave behind: nothing. */
@MountRequired(programs = {"cat", "dd", "prlimit", "umount"})
class LeakIT {
    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() throws Exception {
        image = directory.resolve("disk.raw");
        mountpoint = Files.createFile(directory.resolve("mnt.raw"));
        Client.run("truncate", "-s", "1M", image.toString()).ok();
    }

    @Test
    void fiftyExportsOneAfterTheOther() {
        FuseMounts.watch(mountpoint);
        try (BlockEngine engine = BlockEngine.create()) {
            var node =
                    engine.addNode(NodeOptions.parse("file,filename=" + image)).block(EmbeddedExport.LIMIT);
            var options = FuseExportOptions.at(mountpoint).writable(true).build();
            EmbeddedExport.Footprint before = null;
            for (int i = 0; i < 51; i++) {
                var export = engine.export(node, options).block(EmbeddedExport.LIMIT);
                Client.run("dd", "if=/dev/zero", "of=" + mountpoint, "bs=64k", "count=4", "conv=notrunc")
                        .ok();
                if (i % 2 == 0) {
                    engine.removeExport(export.id(), RemoveMode.HARD).block(EmbeddedExport.LIMIT);
                } else {
                    Client.run("umount", mountpoint.toString()).ok();
                    export.onTerminate().block(EmbeddedExport.LIMIT);
                }
                assertThat(engine.bufferBytes()).isZero();
                assertThat(engine.exports()).isEmpty();
                if (before == null) {
                    before = EmbeddedExport.Footprint.now();
                }
            }
            before.assertNothingIsLeft();
        }
    }

    @Test
    void enginesOneAfterTheOther() throws Exception {
        EmbeddedExport.Footprint before = null;
        for (int i = 0; i < 6; i++) {
            try (var embedded = EmbeddedExport.start("file,filename=" + image, mountpoint, 2, options -> options)) {
                Client.run("cat", embedded.export().mountpoint().toString()).ok();
            }
            if (before == null) {
                before = EmbeddedExport.Footprint.now();
            }
        }
        before.assertNothingIsLeft();
    }

    @Test
    void anIdIsFreeWhenTheEndIsTold() {
        FuseMounts.watch(mountpoint);
        try (BlockEngine engine = BlockEngine.create()) {
            var node =
                    engine.addNode(NodeOptions.parse("file,filename=" + image)).block(EmbeddedExport.LIMIT);
            var options = new dev.weir.engine.BlockExportOptions(
                    "same", node.nodeName(), FuseExportOptions.at(mountpoint).build());
            for (int i = 0; i < 3; i++) {
                var export = engine.addExport(options).block(EmbeddedExport.LIMIT);
                var next = export.onTerminate().then(engine.addExport(options)).toFuture();
                Client.run("umount", mountpoint.toString()).ok();
                next.join();
                engine.removeExport("same", RemoveMode.HARD).block(EmbeddedExport.LIMIT);
            }
        }
    }

    @Test
    void startsThatFail() throws Exception {
        Path missing = directory.resolve("missing.raw");
        Path link = Files.createSymbolicLink(directory.resolve("link"), mountpoint);
        try (BlockEngine engine = BlockEngine.create()) {
            var node =
                    engine.addNode(NodeOptions.parse("file,filename=" + image)).block(EmbeddedExport.LIMIT);
            var options = FuseExportOptions.at(mountpoint).build();
            FuseMounts.watch(mountpoint);
            var first = engine.export(node, options).block(EmbeddedExport.LIMIT);
            var before = EmbeddedExport.Footprint.now();
            for (int i = 0; i < 5; i++) {
                assertRefused(engine, missing, "Failed to stat '" + missing + "': No such file or directory");
                assertRefused(engine, directory, "'" + directory + "' is not a regular file");
                assertRefused(engine, missing.resolve("x"), "no such directory: '" + missing + "'");
                assertRefused(engine, mountpoint, "There already is a FUSE export on '" + mountpoint + "'");
                assertRefused(engine, link, "There already is a FUSE export on '" + link + "'");
            }
            before.assertNothingIsLeft();
            assertThat(engine.exports()).containsExactly(first);
        }
    }

    private static void assertRefused(BlockEngine engine, Path mountpoint, String message) {
        var options = FuseExportOptions.at(mountpoint).build();
        var node = engine.graph().nodes().get(0);
        assertThatThrownBy(() -> engine.export(node, options).block(EmbeddedExport.LIMIT))
                .hasMessage(message);
    }

    @Test
    void anOwnExportIsNoImage() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("link"), mountpoint);
        try (var embedded = EmbeddedExport.start("file,filename=" + image, mountpoint)) {
            for (Path spelling : List.of(mountpoint, link)) {
                assertThatThrownBy(() -> embedded.engine()
                                .addNode(NodeOptions.parse("raw,file.driver=file,file.filename=" + spelling))
                                .block(EmbeddedExport.LIMIT))
                        .hasMessage("'" + spelling
                                + "' is an export of this process, which cannot use it as an image itself");
            }
            assertThat(embedded.engine().graph().nodes()).containsExactly(embedded.node());
        }
    }

    @Test
    void aCancelledStartEndsByItself() {
        FuseMounts.watch(mountpoint);
        try (BlockEngine engine = BlockEngine.create()) {
            var node =
                    engine.addNode(NodeOptions.parse("file,filename=" + image)).block(EmbeddedExport.LIMIT);
            engine.export(node, FuseExportOptions.at(mountpoint).build())
                    .subscribe()
                    .dispose();
        }
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
    }

    /** Each of the last descriptors that a start or an end needs is once the one too many. */
    @Test
    void startsThatRunOutOfDescriptors() throws Exception {
        long used;
        try (var export = ExportProcess.start(image, mountpoint, "--iothreads", "3")) {
            try (var descriptors = Files.list(Path.of("/proc", Long.toString(export.pid()), "fd"))) {
                used = descriptors.count();
            }
        }
        int failed = 0;
        for (long limit = used + 1; limit > used - 7; limit--) {
            var result = ExportProcess.of(image, mountpoint, "--iothreads", "3")
                    .prefix("timeout", "--signal=TERM", "2", "prlimit", "--nofile=" + limit)
                    .run();
            assertThat(FuseMounts.isMounted(mountpoint))
                    .as("mounted with %s descriptors: %s", limit, result)
                    .isFalse();
            assertThat(result.exit()).as(result.toString()).isIn(1, 124);
            failed += result.exit() == 1 ? 1 : 0;
        }
        assertThat(failed).isGreaterThan(3);
    }
}
