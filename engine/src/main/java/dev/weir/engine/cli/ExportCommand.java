package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.BlockExport;
import dev.weir.engine.BlockExportOptions;
import dev.weir.engine.IoThread;
import dev.weir.fuse.AllowOther;
import dev.weir.fuse.FuseExportOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code weir export}: one image, one mountpoint, until it is told to end or somebody unmounts the file. */
@Command(
        name = "export",
        description = "Shows IMAGE as the raw image file MOUNTPOINT until interrupted or unmounted.",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        sortOptions = false,
        footer = {
            "",
            "IMAGE is a path, or DRIVER:SIZE for an image without a file: memory:64M, null-co:1G.",
            "A MOUNTPOINT that does not exist is created as an empty file and removed at the end.",
            "Exit status: 0 ended as asked, everything written is on the image; 1 failure; 2 wrong usage."
        })
final class ExportCommand implements Callable<Integer> {
    @Parameters(paramLabel = "IMAGE", description = "What to export.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String image;

    @Parameters(paramLabel = "MOUNTPOINT", description = "The file to show it as; IMAGE itself will do.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path mountpoint;

    @Mixin
    private final ImageOptions imageOptions = new ImageOptions();

    @Option(names = "--growable", description = "Let writes past the end grow the image.")
    private boolean growable;

    @Option(
            names = "--allow-other",
            paramLabel = "auto|on|off",
            description = "Let other users use the file (default: auto, where that is permitted).")
    private AllowOther allowOther = AllowOther.AUTO;

    @Option(names = "--writethrough", description = "Put each write on stable storage before it is answered.")
    private boolean writethrough;

    @Option(
            names = "--iothreads",
            paramLabel = "N",
            description = "Event loops that serve the file, 1 to 256 (default: 1).")
    private int ioThreads = 1;

    @Option(
            names = "--file-threads",
            paramLabel = "N",
            description = "Threads for file I/O that blocks, 1 to 1024 (default: 16).")
    private int fileThreads = 16;

    @Option(
            names = "--max-in-flight-bytes",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "Memory for requests in flight, for each event loop (default: 64M).")
    private ByteSize maxInFlightBytes = new ByteSize(64 << 20);

    @Option(
            names = "--max-in-flight",
            paramLabel = "N",
            description = "Most requests in flight, for each event loop, 1 to 65536 (default: 1024).")
    private int maxInFlight = 1024;

    @Option(
            names = "--shutdown-timeout",
            paramLabel = "SECONDS",
            description = "How long the end waits for requests in flight before it gives them up (default: 10).")
    private int shutdownTimeout = 10;

    @ParentCommand
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Main main;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        BlockEngine engine = BlockEngine.builder()
                .ioThreads(ioThreads)
                .blockingThreads(fileThreads)
                .build();
        SignalStop stop = main.stop();
        stop.arm(engine, Duration.ofSeconds(shutdownTimeout));
        MountpointFile file = MountpointFile.prepare(mountpoint);
        try {
            serve(engine, stop);
            await(engine.shutdown());
            return 0;
        } catch (Exception e) {
            // What else goes wrong goes wrong because of this.
            await(engine.shutdown().onErrorComplete());
            throw e;
        } finally {
            file.removeIfCreated();
        }
    }

    private void serve(BlockEngine engine, SignalStop stop) throws Exception {
        BlockExport export;
        try {
            export = start(engine);
        } catch (Exception e) {
            if (stop.requested()) {
                return;
            }
            throw e;
        }
        report(export);
        await(export.onTerminate());
    }

    private BlockExport start(BlockEngine engine) throws Exception {
        var node = await(engine.addNode(imageOptions.nodeOptions(image)));
        var fuse = FuseExportOptions.at(mountpoint)
                .source(image)
                .writable(imageOptions.writable())
                .growable(growable)
                .allowOther(allowOther)
                .writethrough(writethrough)
                .maxInFlightBytes(maxInFlightBytes.bytes())
                .maxInFlightRequests(maxInFlight)
                .shutdownTimeout(Duration.ofSeconds(shutdownTimeout))
                .build();
        var threads = engine.ioThreads().stream().map(IoThread::id).toList();
        return await(engine.addExport(new BlockExportOptions("export", node.nodeName(), fuse, threads)));
    }

    private void report(BlockExport export) {
        if (Terminal.isTerminal()) {
            spec.commandLine()
                    .getOut()
                    .println(image + " -> " + mountpoint + " (" + imageOptions.formatName() + ", "
                            + new ByteSize(export.length()) + ", "
                            + (export.growable() ? "growable" : export.writable() ? "writable" : "read-only") + ")");
        }
    }

    private static <T> T await(reactor.core.publisher.Mono<T> mono) throws Exception {
        return Outcome.of(mono);
    }
}
