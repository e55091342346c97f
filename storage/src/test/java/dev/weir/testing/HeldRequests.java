package dev.weir.testing;

import dev.weir.storage.spi.BlockDevice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * Holds the requests of one or more devices until it is told to let them go: the order in which devices serve requests
 * becomes the choice of the test, and repeatable. A request that is let go is served, and ends, within the call.
 */
public final class HeldRequests {
    private final List<Held> held = new ArrayList<>();
    private boolean open;
    private long changes;

    /** A request that waits. */
    public record Held(String file, DeviceFilter.Request request, Mono<Void> operation, Sinks.Empty<Void> end) {
        @Override
        public String toString() {
            return file + " " + request;
        }
    }

    /** The device with its requests held. */
    public BlockDevice hold(String file, BlockDevice below) {
        return new DeviceFilter(below) {
            @Override
            protected Mono<Void> pass(Request request, Mono<Void> operation) {
                Sinks.Empty<Void> end = Sinks.empty();
                synchronized (HeldRequests.this) {
                    if (open) {
                        return operation;
                    }
                    held.add(new Held(file, request, operation, end));
                }
                changed();
                return end.asMono();
            }
        };
    }

    /** Whether requests that come from now on are held; what is held stays so. */
    public synchronized void hold(boolean hold) {
        open = !hold;
    }

    public synchronized int size() {
        return held.size();
    }

    /** What waits, in the order of arrival. */
    public synchronized List<Held> all() {
        return List.copyOf(held);
    }

    /** Serves one of those that wait, in the order of arrival. */
    public void release(int index) {
        Held next;
        synchronized (this) {
            next = held.remove(index);
        }
        next.operation().subscribe(nothing -> {}, next.end()::tryEmitError, next.end()::tryEmitEmpty);
    }

    /** Notes that something happened that {@link #awaitChange} waits for. */
    public synchronized void changed() {
        changes++;
        notifyAll();
    }

    /** Counts what happened so far. */
    public synchronized long changes() {
        return changes;
    }

    /**
     * Waits until more has happened: other threads work too.
     *
     * @return whether it did in time
     */
    public synchronized boolean awaitChange(long since, Duration deadline) {
        long end = System.nanoTime() + deadline.toNanos();
        try {
            while (changes == since) {
                long left = (end - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    return false;
                }
                wait(left);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
