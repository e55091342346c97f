package dev.weir.engine.cli;

import dev.weir.engine.cli.image.ImageAccess;
import dev.weir.engine.cli.image.ImageReport;
import dev.weir.storage.image.ImageInfo;
import dev.weir.storage.image.ImageSnapshot;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code weir image info}: what an image says of itself. */
@Command(
        name = "info",
        customSynopsis = "weir image info [OPTION]... FILE",
        descriptionHeading = "%n",
        description = "Tells what an image is. Opens no other file, whatever the image names.",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = "Exit status: 0 success; 1 failure; 2 wrong usage.")
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ImageInfoCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "FILE", index = "0", description = "The image.")
    private Path file;

    @Option(
            names = {"-f", "--format"},
            paramLabel = "raw|qcow2",
            description = "Format of the image. Without it, what the image begins as.")
    private @Nullable String format;

    @Mixin
    private final OutputOption output = new OutputOption();

    @Option(
            names = {"-U", "--force-share"},
            description = "Look at an image that is in use, too.")
    private boolean forceShare;

    @Mixin
    private final HelpOption help = new HelpOption();

    ImageInfoCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        var access = new ImageAccess(false, forceShare);
        try {
            ImageReport report = Outcome.of(ImageReport.of(access, file, format));
            if (output.json()) {
                JsonOutput.print(report.json(), console);
            } else {
                tell(report);
            }
        } finally {
            Outcome.of(access.close());
        }
        return 0;
    }

    private void tell(ImageReport report) {
        ImageInfo info = report.info();
        line("image", report.file());
        line("file format", info.format() + (report.detected() ? " (as it begins; not named)" : ""));
        line("virtual size", new ByteSize(info.virtualSize()) + " (" + info.virtualSize() + " bytes)");
        line("disk size", new ByteSize(report.allocated()));
        if (info.dirty()) {
            line("cleanly shut down", "no");
        }
        if (info.clusterSize() > 0) {
            line("cluster size", info.clusterSize());
        }
        if (info.backingFile() != null) {
            line("backing file", info.backingFile());
        }
        if (info.backingFormat() != null) {
            line("backing file format", info.backingFormat());
        }
        if (!info.snapshots().isEmpty()) {
            console.out().println("snapshots:");
            var table = new TextTable("llrlr", "ID", "NAME", "VM SIZE", "DATE", "DISK SIZE");
            for (ImageSnapshot snapshot : info.snapshots()) {
                table.row(
                        snapshot.id(),
                        snapshot.name(),
                        new ByteSize(snapshot.vmStateSize()),
                        snapshot.date(),
                        new ByteSize(snapshot.diskSize()));
            }
            console.out().print(table.toString().indent(4));
        }
        if (!info.specific().isEmpty()) {
            console.out().println("format specific information:");
            info.specific().forEach((key, value) -> tell(4, key.replace('-', ' '), value));
        }
    }

    private void tell(int indent, String key, Object value) {
        String blanks = " ".repeat(indent);
        if (value instanceof List<?> list) {
            console.out().println(blanks + key + ":" + (list.isEmpty() ? " none" : ""));
            for (Object item : list) {
                if (item instanceof Map<?, ?> map) {
                    console.out().println(blanks + "  - " + TextTable.printable(map.toString()));
                } else {
                    console.out().println(blanks + "  - " + TextTable.printable(String.valueOf(item)));
                }
            }
        } else {
            line(blanks + key, value);
        }
    }

    private void line(String key, Object value) {
        console.out().println(key + ": " + TextTable.printable(value.toString()));
    }
}
