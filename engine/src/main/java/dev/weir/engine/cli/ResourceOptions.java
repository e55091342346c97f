package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import dev.weir.fuse.FuseExportOptions;
import dev.weir.fuse.session.BufferMemory;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that bound threads, memory and time. */
@SuppressWarnings("NullAway.Init") // picocli sets what has a standard value
final class ResourceOptions {
    @Option(
            names = "--iothreads",
            paramLabel = "N",
            description =
                    "Event loops that serve the file, up to 256 (one, and where there are more processors a second one"
                            + " that helps while large requests come together, one client has several, or many wait).")
    private @Nullable Integer ioThreads;

    @Option(
            names = "--poll-max-ns",
            paramLabel = "N",
            description = "Nanoseconds that a busy event loop polls for more before it sleeps, 0 for never"
                    + " (32768; 0 where there is one processor only).")
    private @Nullable Integer pollMaxNanos;

    @Option(
            names = "--file-threads",
            paramLabel = "N",
            defaultValue = "16",
            description = "Threads for file I/O that blocks, up to 1024 (${DEFAULT-VALUE}).")
    private int fileThreads;

    @Option(
            names = "--max-in-flight-bytes",
            paramLabel = "SIZE",
            defaultValue = "64M",
            description = "Memory for requests in flight, for each event loop (${DEFAULT-VALUE}).")
    private ByteSize maxInFlightBytes;

    @Option(
            names = "--max-in-flight-total",
            paramLabel = "SIZE",
            description = "Memory for requests in flight of all event loops together, 2M or more"
                    + " (512M, or 3/4 of the JVM's direct memory if less).")
    private @Nullable ByteSize maxInFlightTotal;

    @Option(
            names = "--max-in-flight",
            paramLabel = "N",
            defaultValue = "1024",
            description = "Requests in flight, for each event loop, up to 65536 (${DEFAULT-VALUE}).")
    private int maxInFlight;

    @Option(
            names = "--shutdown-timeout",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "How long the end waits for requests in flight before it gives them up (${DEFAULT-VALUE}).")
    private int shutdownTimeout;

    /**
     * Looks at what the types leave open.
     *
     * @throws ParameterException where a number is out of its range
     */
    void check(CommandLine commandLine) {
        if (ioThreads != null) {
            checkRange(commandLine, "--iothreads", ioThreads, 1, 256);
        }
        if (pollMaxNanos != null) {
            checkRange(commandLine, "--poll-max-ns", pollMaxNanos, 0, 1_000_000_000);
        }
        checkRange(commandLine, "--file-threads", fileThreads, 1, 1024);
        checkRange(commandLine, "--max-in-flight", maxInFlight, 1, 65536);
        checkRange(commandLine, "--shutdown-timeout", shutdownTimeout, 0, Integer.MAX_VALUE);
        if (maxInFlightBytes.bytes() == 0) {
            throw new ParameterException(
                    commandLine, "Invalid value for option '--max-in-flight-bytes': the size must be positive");
        }
    }

    BlockEngine engine() {
        var engine = BlockEngine.builder().ioThreads(ioThreads()).blockingThreads(fileThreads);
        if (pollMaxNanos != null) {
            engine.pollMaxNanos(pollMaxNanos);
        }
        if (maxInFlightTotal != null) {
            engine.maxInFlightBytes(maxInFlightTotal.bytes());
        }
        return engine.build();
    }

    private int ioThreads() {
        if (ioThreads != null) {
            return ioThreads;
        }
        long total = maxInFlightTotal != null ? maxInFlightTotal.bytes() : BufferMemory.standard();
        boolean roomForTwo = total >= 4 * BufferMemory.SMALLEST;
        return roomForTwo ? Math.min(2, Runtime.getRuntime().availableProcessors()) : 1;
    }

    FuseExportOptions.Builder bound(FuseExportOptions.Builder fuse) {
        return fuse.maxInFlightBytes(maxInFlightBytes.bytes())
                .spareQueues(ioThreads == null)
                .maxInFlightRequests(maxInFlight)
                .shutdownTimeout(Duration.ofSeconds(shutdownTimeout));
    }

    private static void checkRange(CommandLine commandLine, String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(
                    commandLine,
                    "Invalid value for option '" + option + "': " + value + " is not from " + least + " to " + most);
        }
    }
}
