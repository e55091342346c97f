package dev.weir.engine.cli;

import dev.weir.engine.cli.image.ImageAccess;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code weir image resize}: another size for an image that nobody uses. */
@Command(
        name = "resize",
        customSynopsis = "weir image resize [OPTION]... FILE [+|-]SIZE",
        descriptionHeading = "%n",
        description = "Changes the size of an image that is not in use.",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Examples:",
            "  weir image resize -f qcow2 disk.qcow2 +10G",
            "  weir image resize disk.raw 512M --shrink",
            "",
            "Exit status: 0 success; 1 failure; 2 wrong usage."
        })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ImageResizeCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "FILE", index = "0", description = "The image.")
    private Path file;

    @Parameters(
            paramLabel = "SIZE",
            index = "1",
            description = "Bytes with an optional unit: 4096, 64k, 1.5G; with + or - relative to the size that it has.")
    private String size;

    @Option(
            names = {"-f", "--format"},
            paramLabel = "raw|qcow2",
            description = "Format of the image. Without it, raw; one that begins like another format is refused.")
    private @Nullable String format;

    @Option(
            names = "--follow",
            description = "Open the files that the image names: backing files and a data file. Only for images that you"
                    + " trust.")
    private boolean follow;

    @Option(names = "--shrink", description = "Let it become smaller: what lies behind its new end is lost.")
    private boolean shrink;

    @Option(
            names = "--preallocation",
            paramLabel = "off|metadata|falloc|full",
            defaultValue = "off",
            description = "What is allocated of what it gains (${DEFAULT-VALUE}).")
    private String preallocation;

    @Mixin
    private final HelpOption help = new HelpOption();

    @Spec
    private CommandSpec spec;

    ImageResizeCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        char sign = size.isEmpty() ? ' ' : size.charAt(0);
        boolean relative = sign == '+' || sign == '-';
        long bytes = bytes(relative ? size.substring(1) : size);
        PreallocMode mode = mode();
        var access = new ImageAccess(follow, false);
        try {
            String driver = Outcome.of(access.requireFormat(file, format));
            BlockBackend image = Outcome.of(access.image(file, driver, true));
            long before = image.length();
            long after = !relative ? bytes : sign == '+' ? sum(before, bytes) : before - bytes;
            check(before, after, mode);
            Outcome.of(image.truncate(after, mode));
            Outcome.of(image.flush());
            if (Terminal.isTerminal()) {
                console.out()
                        .println(TextTable.printable(
                                file + ": " + new ByteSize(before) + " -> " + new ByteSize(image.length())));
            }
        } finally {
            Outcome.of(access.close());
        }
        return 0;
    }

    private long bytes(String text) {
        try {
            return ByteSize.parse(text).bytes();
        } catch (TypeConversionException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    size.startsWith("--")
                            ? "Unknown option: '" + size + "'"
                            : "Invalid value for SIZE: " + e.getMessage());
        }
    }

    private PreallocMode mode() {
        for (PreallocMode mode : PreallocMode.values()) {
            if (mode.name().toLowerCase(Locale.ROOT).equals(preallocation)) {
                return mode;
            }
        }
        throw new ParameterException(
                spec.commandLine(),
                "Invalid value for option '--preallocation': '" + preallocation
                        + "' is not one of 'off', 'metadata', 'falloc', 'full'");
    }

    private static long sum(long before, long more) {
        if (more > Long.MAX_VALUE - before) {
            throw invalid("The new size does not fit in 63 bits");
        }
        return before + more;
    }

    private void check(long before, long after, PreallocMode mode) {
        if (after < 0) {
            throw invalid("The image has " + before + " bytes only");
        }
        if (after < before && !shrink) {
            throw invalid("'" + file + "' would lose " + (before - after) + " bytes at its end; --shrink allows that");
        }
        if (after < before && mode != PreallocMode.OFF) {
            throw invalid("Preallocation can't be used for shrinking");
        }
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
