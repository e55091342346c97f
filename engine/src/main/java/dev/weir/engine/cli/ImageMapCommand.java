package dev.weir.engine.cli;

import dev.weir.engine.cli.image.ImageAccess;
import dev.weir.engine.cli.image.ImageMap;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.Extent;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code weir image map}: where an image has data. */
@Command(
        name = "map",
        customSynopsis = "weir image map [OPTION]... FILE",
        descriptionHeading = "%n",
        description = "Tells which ranges of an image have data, and which read as zero.",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "In JSON, 'data' says that bytes are stored, and 'zero' that they read as zero.",
            "",
            "Exit status: 0 success; 1 failure; 2 wrong usage."
        })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ImageMapCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "FILE", index = "0", description = "The image.")
    private Path file;

    @Mixin
    private final SourceOptions source = new SourceOptions();

    @Mixin
    private final OutputOption output = new OutputOption();

    @Mixin
    private final HelpOption help = new HelpOption();

    /** What stands before the next row in JSON. */
    private String separator = "[";

    ImageMapCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        ImageAccess access = source.access();
        try {
            String format = Outcome.of(access.requireFormat(file, source.format()));
            BlockBackend image = Outcome.of(access.image(file, format, false));
            boolean raw = format.equals(ImageAccess.RAW);
            if (output.json()) {
                Outcome.of(ImageMap.merged(image)
                        .doOnNext(extent -> json(extent, raw))
                        .then());
                console.out().println(separator.equals("[") ? "[]" : "]");
            } else {
                Outcome.of(ImageMap.merged(image).doOnNext(this::row).then());
            }
        } finally {
            Outcome.of(access.close());
        }
        return 0;
    }

    /** As it comes: there may be many. */
    private void json(Extent extent, boolean raw) {
        console.out()
                .print(separator + "{ \"start\": " + extent.offset() + ", \"length\": " + extent.length()
                        + ", \"depth\": 0, \"present\": " + (raw || extent.data()) + ", \"zero\": " + extent.zero()
                        + ", \"data\": " + extent.data() + (raw ? ", \"offset\": " + extent.offset() : "") + "}");
        separator = ",\n";
    }

    private void row(Extent extent) {
        if (extent.offset() == 0) {
            console.out().println(String.format("%-20s%-20s%s", "START", "LENGTH", "STATUS"));
        }
        String status = extent.data() ? extent.zero() ? "zero, allocated" : "data" : extent.zero() ? "zero" : "unknown";
        console.out()
                .println(String.format(
                        "%-20s%-20s%s",
                        "0x" + Long.toHexString(extent.offset()), "0x" + Long.toHexString(extent.length()), status));
    }
}
