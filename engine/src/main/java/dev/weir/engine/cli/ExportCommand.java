package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.BlockExport;
import dev.weir.engine.BlockExportOptions;
import dev.weir.engine.IoThread;
import dev.weir.engine.cli.syntax.Arguments;
import dev.weir.engine.cli.syntax.Option;
import dev.weir.engine.cli.syntax.Syntax;
import dev.weir.engine.cli.syntax.UsageException;
import dev.weir.fuse.AllowOther;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.storage.NodeOptions;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** {@code weir export}: one image, one mountpoint, until it is told to end or somebody unmounts the file. */
final class ExportCommand implements Command {
    private static final Option GROWABLE =
            Option.flag("growable", "Let writes past the end grow the image. Needs --writable.");
    private static final Option ALLOW_OTHER = Option.choice(
            "allow-other", "Let other users use the file; 'auto' where that is permitted.", "auto", "on", "off");
    private static final Option WRITETHROUGH =
            Option.flag("writethrough", "Put each write on stable storage before it is answered.");
    private static final Option IOTHREADS =
            Option.number("iothreads", "N", "Event loops that serve the file, up to 256.", 1, 1, 256);
    private static final Option FILE_THREADS =
            Option.number("file-threads", "N", "Threads for file I/O that blocks, up to 1024.", 16, 1, 1024);
    private static final Option MAX_IN_FLIGHT_BYTES =
            Option.size("max-in-flight-bytes", "Memory for requests in flight, for each event loop.", "64M", 1);
    private static final Option MAX_IN_FLIGHT = Option.number(
            "max-in-flight", "N", "Requests in flight, for each event loop, up to 65536.", 1024, 1, 65536);
    private static final Option SHUTDOWN_TIMEOUT = Option.number(
            "shutdown-timeout",
            "SECONDS",
            "How long the end waits for requests in flight before it gives them up.",
            10,
            0,
            Integer.MAX_VALUE);
    private static final Option VERBOSE = Option.flag("verbose", 'v', "Tell on stderr what happens.");

    private static final Syntax SYNTAX = new Syntax(
            "weir export",
            "Shows IMAGE as the raw image file MOUNTPOINT until interrupted or unmounted.",
            List.of(
                    new Syntax.Operand("IMAGE", "A path, or memory:SIZE or null-co:SIZE for an image without a file."),
                    new Syntax.Operand(
                            "MOUNTPOINT",
                            "The file to show it as. One that does not exist is created empty and removed at the end;"
                                    + " IMAGE itself will do.")),
            List.of(
                    ImageOptions.SECTION,
                    new Syntax.Section("Export", List.of(GROWABLE, ALLOW_OTHER, WRITETHROUGH)),
                    new Syntax.Section(
                            "Resources",
                            List.of(IOTHREADS, FILE_THREADS, MAX_IN_FLIGHT_BYTES, MAX_IN_FLIGHT, SHUTDOWN_TIMEOUT)),
                    new Syntax.Section("General", List.of(VERBOSE, Syntax.HELP))),
            List.of(
                    "Standard values stand in parentheses. SIZE is a number of bytes with an optional unit: 4096, 64k,"
                            + " 1.5G.",
                    "Examples:\n"
                            + "  weir export disk.raw mnt.raw --writable\n"
                            + "  weir export disk.raw disk.raw --writable --growable   # on itself\n"
                            + "  weir export whole.raw part.raw --format=raw --offset=1M --size=512M\n"
                            + "  weir export memory:1G scratch.raw --writable",
                    "Exit status: 0 ended as asked, and everything written is on the image; 1 failure; 2 wrong usage."));

    @Override
    public Syntax syntax() {
        return SYNTAX;
    }

    @Override
    public int run(Arguments arguments, Console console) throws Exception {
        ConsoleLog.configure(arguments.has(VERBOSE));
        String image = arguments.operand(0);
        NodeOptions node = ImageOptions.node(image, arguments);
        FuseExportOptions fuse = fuseOptions(image, arguments);
        BlockEngine engine = BlockEngine.builder()
                .ioThreads(arguments.number(IOTHREADS))
                .blockingThreads(arguments.number(FILE_THREADS))
                .build();
        console.stop().arm(engine, fuse.shutdownTimeout());
        var mountpoint = new MountpointFile(fuse.mountpoint());
        try {
            BlockExport export = start(engine, node, fuse, mountpoint, console.stop());
            if (export != null) {
                if (Terminal.isTerminal()) {
                    console.out().println(description(arguments, export));
                }
                Outcome.of(export.onTerminate());
            }
            Outcome.of(engine.shutdown());
            return 0;
        } catch (Exception e) {
            // What else goes wrong goes wrong because of this.
            Outcome.of(engine.shutdown().onErrorComplete());
            throw e;
        } finally {
            mountpoint.removeIfCreated();
        }
    }

    /** The mounted export, or null where a signal came before that. */
    private static @Nullable BlockExport start(
            BlockEngine engine, NodeOptions node, FuseExportOptions fuse, MountpointFile mountpoint, SignalStop stop)
            throws Exception {
        try {
            mountpoint.recover();
            String nodeName = Outcome.of(engine.addNode(node)).nodeName();
            mountpoint.create();
            List<String> threads = engine.ioThreads().stream().map(IoThread::id).toList();
            return Outcome.of(engine.addExport(new BlockExportOptions("export", nodeName, fuse, threads)));
        } catch (Exception e) {
            if (stop.requested()) {
                return null;
            }
            throw e;
        }
    }

    static FuseExportOptions fuseOptions(String image, Arguments arguments) {
        boolean writable = arguments.has(ImageOptions.WRITABLE);
        if (arguments.has(GROWABLE) && !writable) {
            throw new UsageException("--growable needs --writable");
        }
        Path mountpoint;
        try {
            mountpoint = Path.of(arguments.operand(1));
        } catch (InvalidPathException e) {
            throw new UsageException("MOUNTPOINT '" + arguments.operand(1) + "' is no path: " + e.getReason());
        }
        return FuseExportOptions.at(mountpoint)
                .source(image)
                .writable(writable)
                .growable(arguments.has(GROWABLE))
                .allowOther(AllowOther.valueOf(arguments.get(ALLOW_OTHER).toUpperCase(Locale.ROOT)))
                .writethrough(arguments.has(WRITETHROUGH))
                .maxInFlightBytes(arguments.bytes(MAX_IN_FLIGHT_BYTES))
                .maxInFlightRequests(arguments.number(MAX_IN_FLIGHT))
                .shutdownTimeout(Duration.ofSeconds(arguments.number(SHUTDOWN_TIMEOUT)))
                .build();
    }

    static String description(Arguments arguments, BlockExport export) {
        return arguments.operand(0) + " -> " + arguments.operand(1) + " (" + ImageOptions.format(arguments) + ", "
                + new ByteSize(export.length()) + ", "
                + (export.growable() ? "growable" : export.writable() ? "writable" : "read-only") + ")";
    }
}
