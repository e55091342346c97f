package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.BlockExport;
import dev.weir.engine.RemoveMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Loads what an export loads, so that its classes can be archived; {@code bin/weir} runs it once for each JVM. */
@Command(name = "train", hidden = true, description = "Loads what an export loads.")
final class TrainCommand implements Callable<Integer> {
    /** Looks at the file, reads and writes it. */
    private static final String CLIENT = "stat \"$1\"; cat \"$1\"; printf x | dd of=\"$1\" conv=notrunc,fsync";

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Path file = Files.createTempFile("weir-train", ".raw");
        try (BlockEngine engine = BlockEngine.create()) {
            Files.writeString(file, "image");
            CommandLine commandLine =
                    Objects.requireNonNull(spec.root().subcommands().get("export"));
            commandLine.parseArgs(file.toString(), file.toString(), "--writable");
            ExportCommand command = commandLine.getCommand();
            var node = Outcome.of(engine.addNode(command.node()));
            BlockExport export = Outcome.of(engine.export(node, command.fuse()));
            Terminal.isTerminal();
            command.description(export);
            useAsAClient(file);
            Outcome.of(engine.removeExport(export.id(), RemoveMode.HARD));
        } catch (Exception e) {
            // Where nothing can be mounted there is less to archive.
        } finally {
            Files.deleteIfExists(file);
        }
        return 0;
    }

    private static void useAsAClient(Path file) throws IOException, InterruptedException {
        Process client = new ProcessBuilder("sh", "-c", CLIENT, "sh", file.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!client.waitFor(10, TimeUnit.SECONDS)) {
            client.destroyForcibly();
        }
    }
}
