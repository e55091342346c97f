package dev.weir.engine.cli;

import dev.weir.engine.cli.image.CreationOptions;
import dev.weir.engine.cli.image.ImageAccess;
import dev.weir.engine.cli.image.ImageCopy;
import dev.weir.engine.cli.image.ImageMaking;
import dev.weir.engine.cli.image.NewFile;
import dev.weir.engine.cli.image.ProgressBar;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.image.ImageCreation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir image convert}: a copy of what an image shows, in another format. */
@Command(
        name = "convert",
        customSynopsis = "weir image convert [OPTION]... SOURCE TARGET",
        descriptionHeading = "%n",
        description = "Copies what an image shows into a new image of the same or another format.",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "What reads as zero takes no room in TARGET. When the command ends with success,",
            "TARGET is on stable storage; when it fails, a TARGET that it created is removed.",
            "",
            "Examples:",
            "  weir image convert -f qcow2 -O raw disk.qcow2 disk.raw",
            "  weir image convert -O qcow2 -o cluster_size=1M disk.raw disk.qcow2",
            "",
            "Exit status: 0 success; 1 failure; 2 wrong usage."
        })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ImageConvertCommand implements Callable<Integer> {
    private static final int MIN_SPARSE = 512;
    private static final int MAX_SPARSE = 1 << 20;

    private final Console console;

    @Parameters(paramLabel = "SOURCE", index = "0", description = "The image to read.")
    private Path source;

    @Parameters(
            paramLabel = "TARGET",
            index = "1",
            description = "The image to make; one that has contents is not overwritten.")
    private Path target;

    @Mixin
    private final SourceOptions sourceOptions = new SourceOptions();

    @Option(
            names = {"-O", "--target-format"},
            paramLabel = "raw|qcow2",
            defaultValue = ImageAccess.RAW,
            description = "Format of TARGET (${DEFAULT-VALUE}).")
    private String targetFormat;

    @Option(
            names = {"-o", "--options"},
            paramLabel = "KEY=VALUE,...",
            description = "Options of TARGET's format, as for 'weir image create'; may be given several times.")
    private List<String> options = List.of();

    @Option(
            names = {"-S", "--sparse-size"},
            paramLabel = "SIZE",
            defaultValue = "4k",
            description = "How many zeroes in a row are left out, a power of two from 512 to 1M (${DEFAULT-VALUE}).")
    private ByteSize sparse;

    @Option(
            names = {"-p", "--progress"},
            description = "Show progress where standard output is no terminal, too.")
    private boolean progress;

    @Option(names = "--force", description = "Overwrite a TARGET that has contents.")
    private boolean force;

    @Mixin
    private final HelpOption help = new HelpOption();

    @Spec
    private CommandSpec spec;

    ImageConvertCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        if (Long.bitCount(sparse.bytes()) != 1 || sparse.bytes() < MIN_SPARSE || sparse.bytes() > MAX_SPARSE) {
            throw new ParameterException(
                    spec.commandLine(), "Invalid value for option '--sparse-size': no power of two from 512 to 1M");
        }
        var given = new CreationOptions(options);
        refuse(given, "backing_file");
        refuse(given, "backing_fmt");
        refuse(given, "data_file");
        refuse(given, "size");
        PreallocMode preallocation = given.takePreallocation();
        ImageAccess access = sourceOptions.access();
        NewFile file = null;
        boolean done = false;
        try {
            String format = Outcome.of(access.requireFormat(source, sourceOptions.format()));
            if (access.format(targetFormat).isEmpty()) {
                given.requireNone();
            }
            requireOther();
            BlockBackend from = Outcome.of(access.image(source, format, false));
            file = NewFile.at(target, force);
            boolean zero = file.created() || Files.isRegularFile(target);
            ImageCreation creation = given.creation(from.length(), null, null, null, preallocation);
            if (zero || !targetFormat.equals(ImageAccess.RAW)) {
                Outcome.of(ImageMaking.make(access, target, targetFormat, null, creation));
            }
            copy(from, Outcome.of(access.image(target, targetFormat, true)), zero);
            Outcome.of(access.close());
            done = true;
        } catch (Exception e) {
            throw file == null || file.created() ? e : incomplete(e);
        } finally {
            if (!done) {
                Outcome.of(access.close().onErrorComplete());
                if (file != null) {
                    file.undo();
                }
            }
        }
        return 0;
    }

    private void copy(BlockBackend from, BlockBackend to, boolean zero) throws Exception {
        if (to.length() < from.length()) {
            throw BlockException.of(
                    BlockErrorKind.NO_SPACE,
                    "'" + target + "' has " + to.length() + " bytes, and '" + source + "' " + from.length());
        }
        boolean shown = progress || Terminal.isTerminal();
        var bar = new ProgressBar(console.out(), from.length());
        var copy = new ImageCopy(from, to, zero, (int) sparse.bytes(), shown ? bar::update : done -> {});
        console.stop().arm(copy::cancel, Duration.ZERO);
        try {
            Outcome.of(copy.run());
        } catch (Exception e) {
            if (shown) {
                bar.clear();
            }
            throw e;
        }
        if (shown) {
            bar.end();
        }
    }

    private BlockException incomplete(Exception failure) {
        return BlockException.of(
                failure instanceof BlockException refused ? refused.kind() : BlockErrorKind.IO,
                Failures.message(failure) + "; '" + target + "' is incomplete",
                failure);
    }

    private void requireOther() throws IOException {
        if (Files.exists(target) && Files.exists(source) && Files.isSameFile(source, target)) {
            throw new ParameterException(spec.commandLine(), "SOURCE and TARGET are the same file");
        }
    }

    private void refuse(CreationOptions given, String key) {
        @Nullable String value = given.take(key);
        if (value != null) {
            throw new ParameterException(spec.commandLine(), "'" + key + "' makes no sense for a copy of everything");
        }
    }
}
