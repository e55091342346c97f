package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.BlockExport;
import dev.weir.engine.RemoveMode;
import dev.weir.engine.cli.syntax.Arguments;
import dev.weir.engine.cli.syntax.Syntax;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Loads what an export loads, so that its classes can be archived; {@code bin/weir} runs it once for each JVM. */
final class TrainCommand implements Command {
    /** Looks at the file, reads and writes it. */
    private static final String CLIENT = "stat \"$1\"; cat \"$1\"; printf x | dd of=\"$1\" conv=notrunc,fsync";

    @Override
    public Syntax syntax() {
        return new Syntax("weir train", "Loads what an export loads.", List.of(), List.of(), List.of());
    }

    @Override
    public boolean hidden() {
        return true;
    }

    @Override
    public int run(Arguments nothing, Console console) throws IOException {
        Path file = Files.createTempFile("weir-train", ".raw");
        try (BlockEngine engine = BlockEngine.create()) {
            Files.writeString(file, "image");
            Arguments arguments =
                    new ExportCommand().syntax().parse(List.of(file.toString(), file.toString(), "--writable"));
            var node = Outcome.of(engine.addNode(ImageOptions.node(file.toString(), arguments)));
            BlockExport export = Outcome.of(engine.export(node, ExportCommand.fuseOptions(file.toString(), arguments)));
            Terminal.isTerminal();
            ExportCommand.description(arguments, export);
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
