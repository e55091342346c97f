package dev.weir.engine.cli;

import dev.weir.engine.cli.image.ImageAccess;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that describe an image that is read. */
final class SourceOptions {
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

    @Option(
            names = {"-U", "--force-share"},
            description = "Read an image that is in use, too.")
    private boolean forceShare;

    @Nullable
    String format() {
        return format;
    }

    ImageAccess access() {
        return new ImageAccess(follow, forceShare);
    }
}
