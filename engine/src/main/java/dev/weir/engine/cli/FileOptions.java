package dev.weir.engine.cli;

import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that describe the file that clients see. */
@SuppressWarnings("NullAway.Init") // picocli sets what has a standard value
final class FileOptions {
    @Option(names = "--growable", description = "Let writes past the end grow the image. Needs --writable.")
    private boolean growable;

    @Option(
            names = "--allow-other",
            paramLabel = "auto|on|off",
            defaultValue = "auto",
            description = "Let other users use the file; 'auto' where that is permitted (${DEFAULT-VALUE}).")
    private OnOffAuto allowOther;

    @Option(names = "--writethrough", description = "Put each write on stable storage before it is answered.")
    private boolean writethrough;

    @Option(
            names = "--kernel-cache",
            paramLabel = "off|on|auto",
            defaultValue = "off",
            description = "Let the kernel keep pages and read ahead for whoever opens the file only to read it, without"
                    + " O_DIRECT; 'auto' unless somebody has it open to write (${DEFAULT-VALUE}).")
    private OnOffAuto kernelCache;

    @Option(
            names = "--passthrough",
            paramLabel = "off|on|auto",
            defaultValue = "off",
            description =
                    "Where it can, let the kernel read the file of a raw image by itself for whoever opens it only to"
                            + " read it; 'auto' if nobody can write (${DEFAULT-VALUE}).")
    private OnOffAuto passthrough;

    @Option(
            names = "--no-client-affinity",
            description =
                    "Do not move an event loop to the processor of a client that waits for each answer, nor have it give "
                            + "way to clients that have several requests at once.")
    private boolean noClientAffinity;

    boolean growable() {
        return growable;
    }

    OnOffAuto allowOther() {
        return allowOther;
    }

    boolean writethrough() {
        return writethrough;
    }

    OnOffAuto kernelCache() {
        return kernelCache;
    }

    OnOffAuto passthrough() {
        return passthrough;
    }

    boolean clientAffinity() {
        return !noClientAffinity;
    }

    /** @throws ParameterException where they make no sense with the image's */
    void check(boolean writable, CommandLine commandLine) {
        if (growable && !writable) {
            throw new ParameterException(commandLine, "--growable needs --writable");
        }
        if (passthrough != OnOffAuto.OFF && kernelCache != OnOffAuto.OFF) {
            throw new ParameterException(
                    commandLine,
                    "--passthrough=" + passthrough + " and --kernel-cache=" + kernelCache + " exclude each other");
        }
        if (passthrough == OnOffAuto.ON && writethrough) {
            throw new ParameterException(commandLine, "--passthrough=on and --writethrough exclude each other");
        }
    }
}
