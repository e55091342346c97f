package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.BlockExport;
import dev.weir.engine.BlockExportOptions;
import dev.weir.engine.IoThread;
import dev.weir.fuse.AllowOther;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.fuse.KernelCache;
import dev.weir.fuse.Passthrough;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir export}: one image, one mountpoint, until it is told to end or somebody unmounts the file. */
@Command(
        name = "export",
        customSynopsis = "weir export [OPTION]... IMAGE MOUNTPOINT",
        descriptionHeading = "%n",
        description = "Shows IMAGE as the raw image file MOUNTPOINT until interrupted or unmounted.",
        parameterListHeading = "%n",
        optionListHeading = "%nGeneral:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Standard values stand in parentheses. SIZE is a number of bytes with an optional",
            "unit: 4096, 64k, 1.5G.",
            "",
            "Examples:",
            "  weir export disk.raw mnt.raw --writable",
            "  weir export disk.raw disk.raw --writable --growable   # on itself",
            "  weir export whole.raw part.raw --format=raw --offset=1M --size=512M",
            "  weir export memory:1G scratch.raw --writable",
            "  weir export disk.qcow2 mnt.raw --format=qcow2 --writable",
            "  weir export base.qcow2 mnt.raw --format=qcow2 --overlay=mine.qcow2",
            "",
            "Exit status: 0 ended as asked, and everything written is on the image;",
            "1 failure; 2 wrong usage."
        })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ExportCommand implements Callable<Integer> {
    private final Console console;

    /** A path, for completion to offer files. */
    @Parameters(
            paramLabel = "IMAGE",
            index = "0",
            description = "A path, or memory:SIZE or null-co:SIZE for an image without a file.")
    private Path image;

    @Parameters(
            paramLabel = "MOUNTPOINT",
            index = "1",
            description = "The file to show it as. One that does not exist is created empty and removed at the end;"
                    + " IMAGE itself will do.")
    private Path mountpoint;

    @Option(
            names = {"-v", "--verbose"},
            description = "Tell on stderr what happens.")
    private boolean verbose;

    @Mixin
    private final HelpOption help = new HelpOption();

    @ArgGroup(validate = false, order = 1, heading = "%nImage:%n")
    private ImageOptions imageOptions = new ImageOptions();

    @ArgGroup(validate = false, order = 1, heading = "%nOther files:%n")
    private OverlayOptions overlayOptions = new OverlayOptions();

    @ArgGroup(validate = false, order = 2, heading = "%nExport:%n")
    private FileOptions fileOptions = new FileOptions();

    @ArgGroup(validate = false, order = 3, heading = "%nResources:%n")
    private ResourceOptions resources = new ResourceOptions();

    @Spec
    private CommandSpec spec;

    ExportCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        ConsoleLog.configure(verbose);
        NodeOptions node = node();
        FuseExportOptions fuse = fuse();
        CompilerThreads.giveWay();
        BlockEngine engine = resources.engine();
        console.stop().arm(engine, fuse.shutdownTimeout());
        var file = new MountpointFile(fuse.mountpoint());
        try {
            BlockExport export = start(engine, node, fuse, file);
            if (export != null) {
                if (Terminal.isTerminal()) {
                    console.out().println(description(export));
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
            file.removeIfCreated();
        }
    }

    /** The mounted export, or null where a signal came before that. */
    private @Nullable BlockExport start(
            BlockEngine engine, NodeOptions node, FuseExportOptions fuse, MountpointFile file) throws Exception {
        try {
            requireDriver(engine, imageOptions.format());
            file.recover();
            String nodeName = new ExportedImage(engine, imageOptions, overlayOptions)
                    .open(image, node)
                    .nodeName();
            file.create();
            List<String> threads = engine.ioThreads().stream().map(IoThread::id).toList();
            return Outcome.of(engine.addExport(new BlockExportOptions("export", nodeName, fuse, threads)));
        } catch (Exception e) {
            if (console.stop().requested()) {
                return null;
            }
            throw e;
        }
    }

    private static void requireDriver(BlockEngine engine, String format) {
        Set<String> drivers = engine.graph().driverNames();
        if (!drivers.contains(format)) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "Unknown driver '" + format + "', there are " + String.join(", ", new TreeSet<>(drivers)));
        }
    }

    /** What was parsed, as the nodes to export. */
    NodeOptions node() {
        UsageErrors.checkGivenOnce(spec);
        if (image.toString().isEmpty()) {
            throw usage("IMAGE is empty");
        }
        overlayOptions.check(image.toString(), imageOptions, spec.commandLine());
        return imageOptions.node(image.toString(), spec.commandLine());
    }

    private boolean writable() {
        return imageOptions.writable() || overlayOptions.overlays();
    }

    /** What was parsed, as the export of {@link #node}. */
    FuseExportOptions fuse() {
        if (mountpoint.toString().isEmpty()) {
            throw usage("MOUNTPOINT is empty");
        }
        fileOptions.check(writable(), spec.commandLine());
        resources.check(spec.commandLine());
        return resources
                .bound(FuseExportOptions.at(mountpoint))
                .source(image.toString())
                .writable(writable())
                .growable(fileOptions.growable())
                .allowOther(AllowOther.valueOf(fileOptions.allowOther().name()))
                .writethrough(fileOptions.writethrough())
                .kernelCache(KernelCache.valueOf(fileOptions.kernelCache().name()))
                .passthrough(Passthrough.valueOf(fileOptions.passthrough().name()))
                .clientAffinity(fileOptions.clientAffinity())
                .build();
    }

    String description(BlockExport export) {
        return image + " -> " + mountpoint + " (" + imageOptions.format() + ", " + new ByteSize(export.length()) + ", "
                + (export.growable() ? "growable" : export.writable() ? "writable" : "read-only") + ")";
    }

    private ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
