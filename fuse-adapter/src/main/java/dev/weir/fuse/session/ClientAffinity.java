package dev.weir.fuse.session;

import dev.weir.posix.PosixScheduling;
import org.jspecify.annotations.Nullable;

/**
 * Brings the thread of an event loop to the processor of a client that waits for each answer before it asks again: there
 * the two take turns without waking a processor, which takes many times as long as the request. Such a client never runs
 * at the same time as the loop, so nothing is lost by it. Where the scheduler parts them again, they are brought together
 * again, less and less often if it does not last; {@link NeighbourSpin} makes it last where it can.
 *
 * <p>A client that has several requests at once goes on working while it is answered. The loop does not take the processor from
 * it, but waits for its turn: it finds many requests then, and answers them together.
 *
 * <p>One for each thread, and confined to it.
 */
final class ClientAffinity {
    /** Requests in a row that came alone, before anything is done. */
    static final int ALONE_IN_A_ROW = 16;

    /** Nanoseconds from one request to the next above which waking somebody does not matter. */
    static final long SELDOM_NANOS = 500_000;

    /** Nanoseconds from one look at the client to the next: the least, and the most when moves do not last. */
    static final long SHORTEST_PAUSE = 1_000_000;

    static final long LONGEST_PAUSE = 32_000_000;

    /**
     * How long nobody must have had several requests at once. To such a client, too, answers may come one by one: while it
     * is on the loop's processor, the loop takes that from it with each request that it sends. There it had better not stay.
     */
    static final long SEVERAL_NANOS = 50_000_000;

    /** A move has lasted when the next one is not asked for before as many pauses. */
    private static final int LASTED = 16;

    /** How long the neighbour spins before somebody has to see that it is worth it; twice as long while the loop waits for it. */
    static final long SPIN_NANOS = 2_000_000;

    /** Requests from one look at that to the next. */
    static final int WATCHED_REQUESTS = 32;

    private static final ThreadLocal<ClientAffinity> OF_THREAD =
            ThreadLocal.withInitial(() -> new ClientAffinity(new Kernel(), NeighbourSpin.instance()));

    /** What it asks of the machine, about the calling thread but for {@link #processorOf}. */
    interface Machine {
        long nanoTime();

        int processor();

        /** That of another thread, or {@link PosixScheduling#UNKNOWN}. */
        int processorOf(int thread);

        boolean moveTo(int processor);

        long switches();

        /** See {@link PosixScheduling#batch}. */
        boolean batch(boolean wanted);
    }

    /** The other processor of a machine with two: {@link NeighbourSpin}. */
    interface Neighbour {
        /**
         * Has it spin until then; every call sets the end anew.
         *
         * @param until on the clock of {@link Machine#nanoTime}
         * @param here the processor that is not meant, 0 or 1
         */
        void spin(long until, int here);

        /** Whether it spins on that processor at the moment. */
        boolean isBusy(int processor);
    }

    private static final class Kernel implements Machine {
        @Override
        public long nanoTime() {
            return System.nanoTime();
        }

        @Override
        public int processor() {
            return PosixScheduling.currentProcessor();
        }

        @Override
        public int processorOf(int thread) {
            return PosixScheduling.lastProcessor(thread);
        }

        @Override
        public boolean moveTo(int processor) {
            return PosixScheduling.moveTo(processor);
        }

        @Override
        public long switches() {
            return PosixScheduling.switches();
        }

        @Override
        public boolean batch(boolean wanted) {
            return PosixScheduling.batch(wanted);
        }
    }

    private final Machine machine;
    private final @Nullable Neighbour neighbour;

    private int client;
    private int asked;
    private long turnOfAsked = LoopTurn.UNKNOWN;
    private int alone;
    private long aloneSince;
    private long severalAt;
    private boolean givesWay;

    /** When it last was a reason to. */
    private long givesWaySince;

    /** Whether it has changed the policy of the thread. */
    private boolean batch;

    private long pause = SHORTEST_PAUSE;
    private long looked;
    private long moved;

    /** The processor to move to as soon as this one is kept busy, or {@link PosixScheduling#UNKNOWN}. */
    private int goingTo = PosixScheduling.UNKNOWN;

    private boolean watching;
    private int watchedRequests;
    private long watchedSwitches;

    /** @param neighbour null where there is nothing to be gained from it */
    ClientAffinity(Machine machine, @Nullable Neighbour neighbour) {
        this.machine = machine;
        this.neighbour = neighbour;
        this.looked = machine.nanoTime() - LONGEST_PAUSE;
        this.moved = looked;
        this.severalAt = machine.nanoTime() - SEVERAL_NANOS;
    }

    static ClientAffinity ofThisThread() {
        return OF_THREAD.get();
    }

    /**
     * The loop woke up and served what was there.
     *
     * @param turn of the loop, or {@link LoopTurn#UNKNOWN}: the requests of all queues in one turn were there at the same time
     * @param queue number of the descriptor that they came from: a client that asks several at a time does not wait for each answer
     * @param requests how many
     * @param several whether some surely were there at the same time, or may have gone to other loops
     * @param large whether one takes so long that the client would wait for its processor, rather than send more meanwhile
     * @param answered whether each of them has its answer
     * @param thread the thread that asked last
     */
    void served(long turn, int queue, int requests, boolean several, boolean large, boolean answered, int thread) {
        boolean crowd = several || requests > 0 && queue != asked && turn == turnOfAsked && turn != LoopTurn.UNKNOWN;
        turnOfAsked = turn;
        giveWay(crowd, crowd && requests > 0 && !large);
        if (watching) {
            watch(requests);
        }
        if (crowd || requests != 1 || !answered || queue != asked || thread != client || thread == 0) {
            asked = queue;
            client = thread;
            alone = 0;
            goingTo = PosixScheduling.UNKNOWN;
        } else if (goingTo != PosixScheduling.UNKNOWN) {
            follow(machine.nanoTime());
        } else if (alone == 0) {
            aloneSince = machine.nanoTime();
            alone = 1;
        } else if (++alone > ALONE_IN_A_ROW) {
            alone = 0;
            long now = machine.nanoTime();
            if (now - aloneSince <= ALONE_IN_A_ROW * SELDOM_NANOS
                    && now - looked >= pause
                    && now - severalAt >= SEVERAL_NANOS) {
                look(now);
            }
        }
    }

    /** The loop woke up for an export whose clients are not looked at. */
    void servedOthers() {
        giveWay(false, false);
    }

    /**
     * Notes it, and has the loop give way to clients that have several requests at once, for as long as there are any. Not
     * with large ones: a loop that waits for its turn in the middle of one keeps them all waiting, for 3 ms and more.
     */
    private void giveWay(boolean crowd, boolean small) {
        if (crowd) {
            severalAt = machine.nanoTime();
            watching = false;
        }
        if (small) {
            givesWaySince = severalAt;
            if (!givesWay) {
                givesWay = true;
                batch = machine.batch(true);
            }
        } else if (givesWay && machine.nanoTime() - givesWaySince >= SEVERAL_NANOS) {
            givesWay = false;
            if (batch) {
                batch = false;
                machine.batch(false);
            }
        }
    }

    private void look(long now) {
        looked = now;
        int there = machine.processorOf(client);
        if (there == PosixScheduling.UNKNOWN) {
            pause = LONGEST_PAUSE;
        } else if (there == machine.processor()) {
            stay(now, there);
        } else {
            goingTo = there;
            follow(now);
        }
    }

    /** Goes there once the processor that it leaves is busy: the client would be woken up on that one otherwise. */
    private void follow(long now) {
        int here = machine.processor();
        int there = goingTo;
        if (now - looked > 2 * SPIN_NANOS) {
            // The client has paused, and may be elsewhere by now.
            goingTo = PosixScheduling.UNKNOWN;
            return;
        }
        // A neighbour is one of the processors 0 and 1.
        if (neighbour != null && here + there == 1 && now - looked < SPIN_NANOS && !neighbour.isBusy(here)) {
            neighbour.spin(looked + 2 * SPIN_NANOS, there);
            return;
        }
        goingTo = PosixScheduling.UNKNOWN;
        pause = now - moved >= LASTED * pause ? SHORTEST_PAUSE : Math.min(2 * pause, LONGEST_PAUSE);
        moved = now;

        if (here != there && !machine.moveTo(there)) {
            pause = LONGEST_PAUSE;
            return;
        }
        stay(now, there);
    }

    private void stay(long now, int there) {
        if (neighbour != null && there <= 1) {
            neighbour.spin(now + SPIN_NANOS, there);
            watching = true;
            watchedRequests = 0;
            watchedSwitches = machine.switches();
        }
    }

    /** Client and loop take turns on one processor while there is a switch for each request, or nearly. */
    private void watch(int requests) {
        watchedRequests += requests;
        if (watchedRequests < WATCHED_REQUESTS || neighbour == null) {
            return;
        }
        long switches = machine.switches();
        if (switches - watchedSwitches < watchedRequests / 2) {
            watching = false;
            return;
        }
        neighbour.spin(machine.nanoTime() + SPIN_NANOS, machine.processor());
        watchedRequests = 0;
        watchedSwitches = switches;
    }
}
