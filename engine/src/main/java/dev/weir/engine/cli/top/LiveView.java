package dev.weir.engine.cli.top;

import dev.weir.engine.cli.client.QmpClient;
import dev.weir.engine.cli.client.QmpClientException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Shows a view of a daemon on a terminal, again and again, until somebody has seen enough. */
public final class LiveView {
    private final QmpClient daemon;
    private final TopView view;
    private final Duration interval;
    private final BlockingQueue<Key> keys = new LinkedBlockingQueue<>();
    private volatile boolean quitting;

    public LiveView(QmpClient daemon, TopView view, Duration interval) {
        this.daemon = daemon;
        this.view = view;
        this.interval = interval;
    }

    /** Ends {@link #run} soon, even while the daemon does not answer; any thread. */
    public void quit() {
        quitting = true;
        daemon.close();
        keys.add(Key.QUIT);
    }

    /**
     * Runs until {@link #quit}, or until the person at the terminal ends it. The terminal is as before then.
     *
     * @param window tells how large the terminal is now
     * @return false, and nothing was done, where the process has no terminal to read keys from
     * @throws QmpClientException where the daemon ends
     */
    public boolean run(PrintStream out, Supplier<Window> window) throws QmpClientException, InterruptedException {
        try (Tty tty = Tty.open()) {
            if (tty == null) {
                return false;
            }
            try (var screen = new Screen(out)) {
                tty.listen(this::pressed);
                show(screen, window);
            } catch (QmpClientException e) {
                if (!quitting) {
                    throw e;
                }
            }
        }
        return true;
    }

    private void pressed(Key key) {
        if (key == Key.QUIT) {
            quit();
        } else {
            keys.add(key);
        }
    }

    private void show(Screen screen, Supplier<Window> window) throws QmpClientException, InterruptedException {
        var meter = new Meter(daemon);
        view.update(meter.next());
        long next = System.nanoTime();
        while (!quitting) {
            screen.draw(view.screen(window.get()));
            next = Math.max(next + interval.toNanos(), System.nanoTime());
            Key key = keyBefore(next);
            while (key != null && !quitting) {
                view.press(key);
                screen.draw(view.screen(window.get()));
                key = keyBefore(next);
            }
            if (!quitting) {
                view.update(meter.next());
            }
        }
    }

    private @Nullable Key keyBefore(long nanos) throws InterruptedException {
        return keys.poll(Math.max(0, nanos - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    /** One look, after one interval. */
    public static void printOnce(QmpClient daemon, TopView view, Duration interval, PrintStream out)
            throws QmpClientException, InterruptedException {
        var meter = new Meter(daemon);
        Thread.sleep(interval.toMillis());
        view.update(meter.next());
        view.snapshot().forEach(out::println);
    }
}
