package dev.weir.fuse.session;

import dev.weir.storage.spi.AioContext;

/** Counts the queues that one turn of an event loop serves. One for each thread, and confined to it. */
final class LoopTurn {
    /** Where the loop does not count its turns. */
    static final long UNKNOWN = -1;

    private static final ThreadLocal<LoopTurn> OF_THREAD = ThreadLocal.withInitial(LoopTurn::new);

    private long number = UNKNOWN;
    private int queues;

    static LoopTurn ofThisThread() {
        return OF_THREAD.get();
    }

    /**
     * A queue is served.
     *
     * @param shared for the drivers, see {@link AioContext#shared}
     * @return how many were served before it in the same turn, 0 where the loop does not count
     */
    int serves(boolean shared) {
        AioContext loop = AioContext.current();
        if (loop != null) {
            loop.shared(shared);
        }
        return serves(loop == null ? UNKNOWN : loop.turns());
    }

    /** @param now number of the turn, or {@link #UNKNOWN} */
    int serves(long now) {
        queues = now == number && now != UNKNOWN ? queues + 1 : 0;
        number = now;
        return queues;
    }

    /** The one in which a queue was served last, or {@link #UNKNOWN}. */
    long number() {
        return number;
    }
}
