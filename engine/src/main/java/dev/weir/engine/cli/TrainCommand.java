package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.storage.NodeOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;

/** Loads what an export loads, so that its classes can be archived; {@code bin/weir} runs it once for each JVM. */
@Command(name = "train", hidden = true)
final class TrainCommand implements Runnable {
    @Override
    public void run() {
        try (BlockEngine engine = BlockEngine.create()) {
            Path file = Files.createTempFile("weir-train", ".raw");
            try {
                var options = NodeOptions.driver("raw")
                        .set(
                                "file",
                                NodeOptions.driver("file")
                                        .set("filename", file.toString())
                                        .build())
                        .set("read-only", true)
                        .build();
                var node = Outcome.of(engine.addNode(options));
                var export = Outcome.of(
                        engine.export(node, FuseExportOptions.at(file).build()));
                Outcome.of(engine.removeExport(export.id(), dev.weir.engine.RemoveMode.HARD));
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (Exception e) {
            // Where nothing can be mounted there is less to archive.
        }
    }
}
