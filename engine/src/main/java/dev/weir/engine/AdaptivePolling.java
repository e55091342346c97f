package dev.weir.engine;

import io.netty.channel.SelectStrategy;
import io.netty.util.IntSupplier;
import java.util.function.LongSupplier;

/**
 * Lets an event loop poll for a moment before it sleeps, as QEMU's AioContext does with {@code poll-max-ns}: waking a thread
 * of another processor takes longer than most requests, above all in a virtual machine.
 *
 * <p>Polling must pay. Each time that nothing came while the loop polled, it sleeps twice as often before it polls again,
 * up to {@link #MOST_SLEEPS} times; so a loop whose events are far apart, or that has none, uses no processor time.
 * Confined to its loop.
 */
final class AdaptivePolling implements SelectStrategy {
    /** How long loops poll where nothing else is asked for, in nanoseconds: QEMU's default for an iothread. */
    static final int DEFAULT_NANOS = 32_768;

    /** The loop sleeps at most so many times before it polls again. */
    static final int MOST_SLEEPS = 63;

    /** For {@link SelectStrategy#calculateStrategy}: go on without having slept; the loop looks at its tasks. */
    private static final int NOTHING_READY = 0;

    private final LongSupplier maxNanos;
    private final LongSupplier nanoTime;

    private boolean polling;
    private long since;
    private int backoff;
    private int sleeps;

    /** @param maxNanos at most so long at a time; 0 turns polling off; asked each time */
    AdaptivePolling(LongSupplier maxNanos, LongSupplier nanoTime) {
        this.maxNanos = maxNanos;
        this.nanoTime = nanoTime;
    }

    /** Processors that this process may use decide: with one, polling would keep the client from running. */
    static int defaultNanos(int processors) {
        return processors > 1 ? DEFAULT_NANOS : 0;
    }

    @Override
    public int calculateStrategy(IntSupplier selectNow, boolean hasTasks) throws Exception {
        if (hasTasks) {
            paid();
            return selectNow.get();
        }
        if (maxNanos.getAsLong() == 0) {
            return SELECT;
        }
        if (sleeps > 0) {
            sleeps--;
            return SELECT;
        }
        int ready = selectNow.get();
        if (ready > 0) {
            paid();
            return ready;
        }
        return mayPollOn() ? NOTHING_READY : SELECT;
    }

    private void paid() {
        if (polling) {
            polling = false;
            backoff = 0;
        }
    }

    private boolean mayPollOn() {
        if (!polling) {
            polling = true;
            since = nanoTime.getAsLong();
            return true;
        }
        if (nanoTime.getAsLong() - since < maxNanos.getAsLong()) {
            return true;
        }
        polling = false;
        backoff = Math.min(2 * backoff + 1, MOST_SLEEPS);
        sleeps = backoff - 1;
        return false;
    }
}
