package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import java.io.PrintWriter;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Ends the engine when the process is told to end by SIGINT, SIGTERM or SIGHUP: the JVM's shutdown hook does it, and then
 * halts with the status of a command that ended as it was asked to, where the JVM would report the signal.
 */
final class SignalStop {
    private final PrintWriter err;
    private final Thread hook = new Thread(this::stop, "weir-signal");
    private final CountDownLatch disarmed = new CountDownLatch(1);
    private volatile @Nullable BlockEngine engine;
    private volatile @Nullable MountpointFile file;

    SignalStop(PrintWriter err) {
        this.err = err;
        Runtime.getRuntime().addShutdownHook(hook);
    }

    void arm(BlockEngine engine, MountpointFile file) {
        this.file = file;
        this.engine = engine;
    }

    /** The engine is closed: the hook has nothing to do any more. */
    void disarm() {
        disarmed.countDown();
    }

    private void stop() {
        BlockEngine armed = engine;
        if (armed == null || disarmed.getCount() == 0) {
            return;
        }
        int status = 0;
        try {
            Outcome.of(armed.shutdown());
        } catch (Exception e) {
            err.println("weir: " + e.getMessage());
            status = 1;
        }
        try {
            MountpointFile created = file;
            if (created != null) {
                created.removeIfCreated();
            }
        } catch (Exception e) {
            err.println("weir: " + e.getMessage());
            status = 1;
        }
        err.flush();
        Runtime.getRuntime().halt(status);
    }
}
