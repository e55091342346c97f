package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.BlockExport;
import dev.weir.engine.RemoveMode;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Loads what an export and a daemon load, so that its classes can be archived; {@code bin/weir} runs it once for each JVM. */
@Command(name = "train", hidden = true, description = "Loads what an export loads.")
final class TrainCommand implements Callable<Integer> {
    /** Looks at the file, reads and writes it. */
    private static final String CLIENT = "stat \"$1\"; cat \"$1\"; printf x | dd of=\"$1\" conv=notrunc,fsync";

    private static final String TALK =
            "{\"execute\": \"qmp_capabilities\"}{\"execute\": \"query-block-exports\", \"id\": 1}";

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
            useAsADaemon(file);
        } catch (Exception e) {
            // Where nothing can be mounted there is less to archive.
        } finally {
            Files.deleteIfExists(file);
        }
        return 0;
    }

    /** With a file that nobody exports, so that where nothing can be mounted there is the rest. */
    private static void useAsADaemon(Path file) throws Exception {
        String socket = file + ".sock";
        var daemon = new Daemon(BlockEngine.builder().ioThread("main-loop").build(), null, () -> {});
        try (var client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            daemon.run(new DaemonStep("--object", "iothread,id=t"));
            daemon.run(new DaemonStep("--blockdev", "driver=file,node-name=f,filename=" + file));
            daemon.run(new DaemonStep("--chardev", "socket,id=c,server=on,wait=off,path=" + socket));
            daemon.run(new DaemonStep("--monitor", "c"));
            daemon.run(new DaemonStep("--export", "fuse,id=e,node-name=f,writable=on,mountpoint=" + file));
            daemon.serve();
            client.connect(UnixDomainSocketAddress.of(socket));
            ByteBuffer answer = ByteBuffer.allocate(4096);
            client.read(answer);
            client.write(ByteBuffer.wrap(TALK.getBytes(StandardCharsets.US_ASCII)));
            client.read(answer.clear());
        } finally {
            Outcome.of(daemon.shutdown());
        }
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
