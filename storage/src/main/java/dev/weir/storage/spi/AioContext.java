package dev.weir.storage.spi;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An event loop, for drivers that wait for descriptors of their own: they use the loop that calls them, so that a request
 * stays on one thread from its beginning to its end. Who runs event loops extends it; where none does, drivers use the pool
 * for blocking calls.
 *
 * <p>Confined to the loop's thread, but for {@link #current}.
 */
public abstract class AioContext {
    private static final ThreadLocal<AioContext> CURRENT = new ThreadLocal<>();

    /** What a loop may do at the end of a turn, from the least to the most that there is to do. */
    public enum Next {
        /** Whatever it likes: sleep, or poll for a while. */
        ANYTHING,
        /** Sleep: what comes next takes longer than it is worth to poll. */
        SLEEP,
        /** Turn again. */
        TURN
    }

    private final List<Supplier<Next>> turnHooks = new ArrayList<>();
    private final List<Runnable> endHooks = new ArrayList<>();

    private boolean shared;
    private long turns;

    /** The loop that the calling thread is; null on any other thread. */
    public static @Nullable AioContext current() {
        return CURRENT.get();
    }

    /**
     * Tells whether another loop serves the same clients meanwhile. Then a driver does best to copy large data on the loop
     * itself; otherwise threads of the pool copy several requests' data side by side. Defaults to false.
     */
    public final void shared(boolean shared) {
        this.shared = shared;
    }

    /** What {@link #shared(boolean)} told last. */
    public final boolean isShared() {
        return shared;
    }

    /** How many turns have ended: what is done while it stays the same was there to do at the same time. */
    public final long turns() {
        return turns;
    }

    /**
     * Has the loop turn whenever there is something new to read (edge-triggered), until the loop ends. The descriptor stays the caller's, who
     * closes it when the loop has ended.
     *
     * @throws IOException when the loop takes no more descriptors
     */
    public abstract void watch(int fd) throws IOException;

    /** Has {@code hook} called at the end of every turn, before the loop sleeps or looks for events again. */
    public final void onTurnEnd(Supplier<Next> hook) {
        turnHooks.add(hook);
    }

    /** Has {@code hook} called when the loop has ended, on its thread, which may block now. */
    public final void onEnd(Runnable hook) {
        endHooks.add(hook);
    }

    /** The calling thread becomes the loop, runs it, and ends it. */
    protected final void run(Runnable loop) {
        CURRENT.set(this);
        try {
            loop.run();
        } finally {
            endHooks.forEach(Runnable::run);
            CURRENT.remove();
        }
    }

    /** To be called at the end of every turn. */
    protected final Next turnEnded() {
        turns++;
        Next most = Next.ANYTHING;
        for (int i = 0; i < turnHooks.size(); i++) {
            Next next = turnHooks.get(i).get();
            most = next.compareTo(most) > 0 ? next : most;
        }
        return most;
    }
}
