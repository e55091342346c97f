package dev.weir.storage.graph;

import dev.weir.storage.BlockBackend.DrainListener;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Counts requests in flight and holds back new ones while drained. The way through an open gate is one compare-and-set;
 * everything else is behind the lock.
 */
final class DrainGate {
    private static final Logger log = LoggerFactory.getLogger(DrainGate.class);
    private static final int SHUT = 1 << 30;

    private static final AtomicIntegerFieldUpdater<DrainGate> STATE =
            AtomicIntegerFieldUpdater.newUpdater(DrainGate.class, "state");

    /** Requests in flight, and {@link #SHUT} while new ones must take the slow way. */
    private volatile int state;

    /** Called after each change of {@link #isDrained}. */
    private final Runnable changed;

    private final Queue<BackendRequest<?>> waiting = new ArrayDeque<>();
    private final List<Sinks.Empty<Void>> idleWaiters = new ArrayList<>();
    private @Nullable DrainListener listener;

    /** What listeners are still to be told, in the order in which it came about. */
    private final Queue<Runnable> news = new ArrayDeque<>();

    private boolean telling;
    private int drains;
    private boolean releasing;
    private boolean closed;

    DrainGate(Runnable changed) {
        this.changed = changed;
    }

    void pass(BackendRequest<?> request) {
        if (enter()) {
            request.issue();
        } else {
            passShut(request);
        }
    }

    /** Counts a request, until {@link #ended}; false while the gate is shut. */
    boolean enter() {
        for (int now = state; (now & SHUT) == 0; now = state) {
            if (STATE.compareAndSet(this, now, now + 1)) {
                return true;
            }
        }
        return false;
    }

    private void passShut(BackendRequest<?> request) {
        boolean refused;
        synchronized (this) {
            refused = closed;
            if (!refused && (drains > 0 || releasing)) {
                waiting.add(request);
                return;
            }
            if (!refused) {
                STATE.incrementAndGet(this);
            }
        }
        if (refused) {
            request.refuse();
        } else {
            request.issue();
        }
    }

    /** The last thing that a request does. */
    void ended() {
        if (STATE.decrementAndGet(this) == SHUT) {
            idle();
        }
    }

    /** Whether somebody waits for the requests in flight, or did so and did not end the drain. */
    synchronized boolean isDrained() {
        return drains > 0 || closed;
    }

    int inFlight() {
        synchronized (this) {
            return (state & ~SHUT) + waiting.size();
        }
    }

    /** A listener that comes while the gate is shut is told at once: it will hear of the end, too. */
    void listener(DrainListener next) {
        synchronized (this) {
            listener = next;
            if (drains > 0) {
                news.add(next::drainedBegin);
            }
        }
        tellNews();
    }

    /** Shuts the gate and completes when nothing is in flight. Each subscription is one drain. */
    Mono<Void> begin() {
        return Mono.defer(this::beginNow);
    }

    /** As {@link #begin}, but shuts the gate before anybody subscribes. */
    Mono<Void> beginNow() {
        Sinks.Empty<Void> idle = Sinks.empty();
        synchronized (this) {
            if (drains++ == 0 && listener != null) {
                news.add(listener::drainedBegin);
            }
            shut(idle);
        }
        tellNews();
        tell(changed);
        idle();
        return idle.asMono();
    }

    void end() {
        synchronized (this) {
            if (drains == 0) {
                throw new IllegalStateException("drainedEnd without drainedBegin");
            }
            if (--drains > 0 || closed) {
                return;
            }
            if (listener != null) {
                news.add(listener::drainedEnd);
            }
        }
        tell(changed);
        tellNews();
        release();
    }

    /** Shuts the gate for good; waiting requests are refused. */
    Mono<Void> close() {
        return Mono.defer(() -> {
            Sinks.Empty<Void> idle = Sinks.empty();
            List<BackendRequest<?>> refused;
            synchronized (this) {
                closed = true;
                refused = new ArrayList<>(waiting);
                waiting.clear();
                shut(idle);
            }
            refused.forEach(BackendRequest::refuse);
            tell(changed);
            idle();
            return idle.asMono();
        });
    }

    private void shut(Sinks.Empty<Void> idle) {
        idleWaiters.add(idle);
        STATE.updateAndGet(this, now -> now | SHUT);
    }

    /** Lets waiting requests go in their order; those that arrive meanwhile queue up behind them. */
    private void release() {
        synchronized (this) {
            if (releasing) {
                return;
            }
            releasing = true;
        }
        while (true) {
            BackendRequest<?> next;
            synchronized (this) {
                next = drains > 0 ? null : waiting.poll();
                if (next == null) {
                    releasing = false;
                    if (drains == 0 && !closed) {
                        STATE.updateAndGet(this, now -> now & ~SHUT);
                    }
                    return;
                }
                STATE.incrementAndGet(this);
            }
            next.issue();
        }
    }

    private void idle() {
        List<Sinks.Empty<Void>> reached;
        synchronized (this) {
            if (state != SHUT || idleWaiters.isEmpty()) {
                return;
            }
            reached = new ArrayList<>(idleWaiters);
            idleWaiters.clear();
        }
        reached.forEach(Sinks.Empty::tryEmitEmpty);
    }

    /** By one thread at a time, so that a listener never hears of an end before it has heard of the begin. */
    private void tellNews() {
        synchronized (this) {
            if (telling) {
                return;
            }
            telling = true;
        }
        for (Runnable next = nextNews(); next != null; next = nextNews()) {
            tell(next);
        }
    }

    private synchronized @Nullable Runnable nextNews() {
        Runnable next = news.poll();
        telling = next != null;
        return next;
    }

    private static void tell(Runnable call) {
        try {
            call.run();
        } catch (Throwable e) {
            log.warn("A drain listener failed", e);
        }
    }
}
