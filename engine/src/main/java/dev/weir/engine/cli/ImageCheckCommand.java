package dev.weir.engine.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.cli.image.ImageAccess;
import dev.weir.engine.cli.image.ProgressBar;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.image.ImageCheck;
import dev.weir.storage.image.ImageFormat;
import dev.weir.storage.image.ImageRepair;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code weir image check}: whether the metadata of an image agree, and making them. */
@Command(
        name = "check",
        customSynopsis = "weir image check [OPTION]... FILE",
        descriptionHeading = "%n",
        description = "Checks the metadata of an image that is not in use. Opens no other file.",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Exit status, with --repair of what is left: 0 nothing was found; 1 the check failed, or wrong usage of the"
                    + " file; 2 the image is corrupt, or wrong usage; 3 clusters have leaked, and nothing worse; 63"
                    + " images of that format cannot be checked."
        })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ImageCheckCommand implements Callable<Integer> {
    private static final int FAILED = 1;
    private static final int CORRUPT = 2;
    private static final int LEAKED = 3;
    private static final int UNSUPPORTED = 63;
    private static final int STEPS = 1000;

    /** What {@code --repair} mends. */
    enum Repair {
        LEAKS(ImageRepair.LEAKS),
        ALL(ImageRepair.ALL);

        private final ImageRepair repair;

        Repair(ImageRepair repair) {
            this.repair = repair;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Console console;

    @Parameters(paramLabel = "FILE", index = "0", description = "The image.")
    private Path file;

    @Option(
            names = {"-f", "--format"},
            paramLabel = "raw|qcow2",
            description = "Format of the image. Without it, what the image begins as; --repair needs it.")
    private @Nullable String format;

    @Option(
            names = {"-r", "--repair"},
            paramLabel = "leaks|all",
            description = "Free clusters that nothing refers to, or mend everything that can be mended.")
    private @Nullable Repair repair;

    @Mixin
    private final OutputOption output = new OutputOption();

    @Option(
            names = {"-U", "--force-share"},
            description = "Look at an image that is in use, too; it may change meanwhile.")
    private boolean forceShare;

    @Mixin
    private final HelpOption help = new HelpOption();

    ImageCheckCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        var access = new ImageAccess(false, forceShare);
        try {
            String name = format != null || repair != null
                    ? Outcome.of(access.requireFormat(file, format))
                    : Outcome.of(access.detect(file));
            Optional<ImageFormat> images = access.format(name);
            if (images.isEmpty()) {
                console.err().println("weir: images of format '" + TextTable.printable(name) + "' cannot be checked");
                return UNSUPPORTED;
            }
            BlockBackend backend = Outcome.of(access.file(file, repair != null));
            ImageCheck check = check(images.get(), backend);
            if (output.json()) {
                JsonOutput.print(json(check, name), console);
            } else {
                tell(check);
            }
            return check.checkErrors() > 0
                    ? FAILED
                    : check.corruptions() > 0 ? CORRUPT : check.leaks() > 0 ? LEAKED : 0;
        } finally {
            Outcome.of(access.close());
        }
    }

    private ImageCheck check(ImageFormat images, BlockBackend backend) throws Exception {
        boolean shown = Terminal.isTerminal() && !output.json();
        var bar = ProgressBar.ofSteps(console.out(), STEPS);
        try {
            return Outcome.of(images.check(backend, repair == null ? ImageRepair.NONE : repair.repair, done -> {
                if (shown) {
                    bar.update((long) (done * STEPS));
                }
            }));
        } finally {
            if (shown) {
                bar.clear();
            }
        }
    }

    /** In the form of {@code qemu-img check}. */
    private ObjectNode json(ImageCheck check, String name) {
        ObjectNode json = JsonNodeFactory.instance
                .objectNode()
                .put("filename", file.toString())
                .put("format", name)
                .put("check-errors", check.checkErrors())
                .put("image-end-offset", check.imageEndOffset())
                .put("total-clusters", check.totalClusters())
                .put("allocated-clusters", check.allocatedClusters())
                .put("fragmented-clusters", check.fragmentedClusters())
                .put("compressed-clusters", check.compressedClusters());
        put(json, "corruptions", check.corruptions());
        put(json, "leaks", check.leaks());
        put(json, "corruptions-fixed", check.corruptionsFixed());
        put(json, "leaks-fixed", check.leaksFixed());
        return json;
    }

    private static void put(ObjectNode json, String key, long value) {
        if (value > 0) {
            json.put(key, value);
        }
    }

    private void tell(ImageCheck check) {
        check.messages().forEach(message -> console.out().println(TextTable.printable(message)));
        told(check.corruptionsFixed(), "errors were mended");
        told(check.leaksFixed(), "leaked clusters were freed");
        told(check.corruptions(), "errors are in the image: data may be lost if it is written to");
        told(check.leaks(), "clusters have leaked: they take room, and do no harm");
        told(check.checkErrors(), "parts could not be checked");
        if (check.corruptions() + check.leaks() + check.checkErrors() == 0) {
            console.out().println("No errors " + (check.messages().isEmpty() ? "were found." : "are left."));
        }
        if (check.totalClusters() > 0) {
            console.out()
                    .println(String.format(
                            Locale.ROOT,
                            "%d/%d = %.2f %% allocated, %.2f %% of that fragmented, %.2f %% of that compressed",
                            check.allocatedClusters(),
                            check.totalClusters(),
                            100.0 * check.allocatedClusters() / check.totalClusters(),
                            100.0 * check.fragmentedClusters() / Math.max(1, check.allocatedClusters()),
                            100.0 * check.compressedClusters() / Math.max(1, check.allocatedClusters())));
        }
        console.out().println("Image end offset: " + check.imageEndOffset());
    }

    private void told(long count, String what) {
        if (count > 0) {
            console.out().println(count + " " + what + ".");
        }
    }
}
