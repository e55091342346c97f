package dev.weir.storage.throttle;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * Limits that nodes share. While requests of several nodes wait, the nodes take turns; reads and writes wait apart, and take
 * turns where both may go on. Any thread.
 */
public final class ThrottleGroup {
    /** A wait that is longer is looked at again: the sum of two times must not overflow. */
    private static final long LONGEST_WAIT = TimeUnit.HOURS.toNanos(1);

    private final String id;
    private final ThrottleTimer timer;

    // Guarded by this; held for a few instructions, since event loops come here. No request is issued under it.
    private final TurnQueue reads = new TurnQueue();
    private final TurnQueue writes = new TurnQueue();
    private Buckets buckets;
    private boolean writeIsNext;
    private int members;
    private @Nullable Alarm alarm;

    // Written under the lock, read without it.
    private volatile ThrottleLimits limits;
    private volatile boolean limitsReads;
    private volatile boolean limitsWrites;

    ThrottleGroup(String id, ThrottleLimits limits, ThrottleTimer timer) {
        this.id = id;
        this.timer = timer;
        this.limits = limits;
        this.buckets = new Buckets(limits, timer.nanoTime());
        this.limitsReads = buckets.limit(false);
        this.limitsWrites = buckets.limit(true);
    }

    /** Unique among the groups of a graph. */
    public String id() {
        return id;
    }

    public ThrottleLimits limits() {
        return limits;
    }

    /** Changes the limits. What passed before is forgotten, and requests that wait go on as the new limits allow. */
    public synchronized void setLimits(ThrottleLimits limits) {
        this.limits = limits;
        buckets = new Buckets(limits, timer.nanoTime());
        limitsReads = buckets.limit(false);
        limitsWrites = buckets.limit(true);
        if (reads.size() + writes.size() > 0) {
            wake(0);
        }
    }

    /** Requests that wait for the limits. */
    public synchronized int waiting() {
        return reads.size() + writes.size();
    }

    /** Nodes in the group. */
    public synchronized int members() {
        return members;
    }

    synchronized ThrottleMember join() {
        members++;
        return new ThrottleMember(this);
    }

    synchronized void left() {
        members--;
    }

    boolean limits(boolean write) {
        return write ? limitsWrites : limitsReads;
    }

    /** Whether a request may go on at once; it has been counted then. */
    synchronized boolean passes(ThrottleMember member, boolean write, long bytes) {
        buckets.leak(timer.nanoTime());
        if (!member.isDrained() && (queue(write).size() > 0 || buckets.waitNanos(write) > 0)) {
            return false;
        }
        count(write, bytes);
        return true;
    }

    synchronized void await(ThrottledRequest request) {
        if (request.isCancelled()) {
            return;
        }
        queue(request.isWrite()).add(request);
        if (request.member().isDrained()) {
            wake(0);
        } else {
            buckets.leak(timer.nanoTime());
            setAlarm();
        }
    }

    synchronized void cancel(ThrottledRequest request) {
        request.setCancelled();
        if (queue(request.isWrite()).remove(request) && waiting() == 0) {
            stopAlarm();
        }
    }

    /** The member was drained: what it has waiting is let go. */
    synchronized void drained(ThrottleMember member) {
        if (reads.hasWaiting(member) || writes.hasWaiting(member)) {
            wake(0);
        }
    }

    private void letGo() {
        List<ThrottledRequest> free = new ArrayList<>();
        synchronized (this) {
            stopAlarm();
            buckets.leak(timer.nanoTime());
            reads.takeDrained(free);
            writes.takeDrained(free);
            free.forEach(request -> buckets.add(request.isWrite(), request.bytes()));
            for (ThrottledRequest next = next(); next != null; next = next()) {
                count(next.isWrite(), next.bytes());
                free.add(next);
            }
            setAlarm();
        }
        free.forEach(ThrottledRequest::issue);
    }

    private @Nullable ThrottledRequest next() {
        ThrottledRequest next = next(writeIsNext);
        return next == null ? next(!writeIsNext) : next;
    }

    private @Nullable ThrottledRequest next(boolean write) {
        return buckets.waitNanos(write) > 0 ? null : queue(write).poll();
    }

    private void count(boolean write, long bytes) {
        buckets.add(write, bytes);
        writeIsNext = !write;
    }

    private TurnQueue queue(boolean write) {
        return write ? writes : reads;
    }

    /** For the first request that will be allowed to go. */
    private void setAlarm() {
        long wait = LONGEST_WAIT;
        if (reads.size() > 0) {
            wait = Math.min(wait, buckets.waitNanos(false));
        }
        if (writes.size() > 0) {
            wait = Math.min(wait, buckets.waitNanos(true));
        }
        if (waiting() > 0) {
            wake(wait);
        }
    }

    private void wake(long wait) {
        long time = timer.nanoTime() + wait;
        if (alarm == null || time - alarm.time < 0) {
            stopAlarm();
            alarm = new Alarm(time, timer.schedule(this::letGo, wait));
        }
    }

    private void stopAlarm() {
        if (alarm != null) {
            alarm.scheduled.dispose();
            alarm = null;
        }
    }

    private record Alarm(long time, Disposable scheduled) {}
}
