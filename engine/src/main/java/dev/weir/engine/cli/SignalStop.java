package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Ends the command when the process is told to end by SIGINT, SIGTERM or SIGHUP: the JVM's shutdown hook shuts the engine
 * down, waits for the command to come to its end because of that, and halts with the status of the command, where the
 * JVM would report the signal.
 */
final class SignalStop {
    /** What a command needs for its end besides the time in which its requests have to end. */
    private static final Duration ALLOWANCE = Duration.ofSeconds(20);

    private final CompletableFuture<Integer> ended = new CompletableFuture<>();
    private volatile boolean requested;
    private volatile @Nullable Duration limit;
    private volatile @Nullable Runnable end;

    /** Listens from now on; until {@link #arm}, signals end the process as they do any other. */
    void install() {
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "weir-signal"));
    }

    /**
     * From now on the engine is to be shut down.
     *
     * @param limit how long its exports wait for requests in flight
     */
    void arm(BlockEngine engine, Duration limit) {
        // How it went is for the command to say.
        arm(() -> engine.shutdown().subscribe(nothing -> {}, failure -> {}), limit);
    }

    /**
     * From now on a signal has the command come to its end by itself.
     *
     * @param end tells it so; does not wait
     * @param limit how long exports wait for requests in flight
     */
    void arm(Runnable end, Duration limit) {
        this.limit = limit.plus(ALLOWANCE);
        this.end = end;
    }

    /** Whether a signal has come: what fails now may fail because of that. */
    boolean requested() {
        return requested;
    }

    /** The command came to its end, by itself or because of a signal. */
    void ended(int status) {
        ended.complete(status);
    }

    private void stop() {
        Runnable armed = end;
        Duration patience = limit;
        if (armed == null || patience == null || ended.isDone()) {
            return;
        }
        requested = true;
        int status = 1;
        try {
            armed.run();
            status = ended.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            System.err.println("weir: the end did not come in " + patience.toSeconds() + " seconds");
        } catch (InterruptedException | ExecutionException e) {
            System.err.println("weir: " + e.getMessage());
        }
        Runtime.getRuntime().halt(status);
    }
}
