package dev.weir.engine.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options about files other than the image. */
final class OverlayOptions {
    @Option(
            names = "--follow",
            description = "Open the files that the image names: backing files and a data file. Only for images that you"
                    + " trust.")
    private boolean follow;

    @Option(
            names = "--overlay",
            paramLabel = "FILE",
            description = "Leave the image as it is, and put what clients write into FILE, a qcow2 image. One that does"
                    + " not exist is created.")
    private @Nullable Path overlay;

    @Option(
            names = "--temporary",
            description = "Leave the image as it is, and forget what clients write at the end. It takes room in $TMPDIR"
                    + " (or /var/tmp) meanwhile.")
    private boolean temporary;

    boolean follow() {
        return follow;
    }

    @Nullable
    Path overlay() {
        return overlay;
    }

    /** Whether what clients write goes elsewhere. */
    boolean overlays() {
        return overlay != null || temporary;
    }

    /** @throws ParameterException where they make no sense with the image, or its options */
    void check(String image, ImageOptions options, CommandLine commandLine) {
        if (overlay != null && temporary) {
            throw new ParameterException(commandLine, "--overlay and --temporary exclude each other");
        }
        if (!overlays()) {
            return;
        }
        String name = temporary ? "--temporary" : "--overlay";
        if (overlay != null && overlay.toString().isEmpty()) {
            throw new ParameterException(commandLine, "--overlay is empty");
        }
        if (options.readOnly()) {
            throw new ParameterException(commandLine, name + " and --read-only exclude each other");
        }
        if (options.forceShare()) {
            throw new ParameterException(commandLine, name + " and --force-share exclude each other");
        }
        if (options.window()) {
            throw new ParameterException(commandLine, name + " needs all of the image, without --offset and --size");
        }
        if (!ImageOptions.isFile(image)) {
            throw new ParameterException(commandLine, name + " needs an image with a file");
        }
    }
}
