package dev.weir.fuse.session;

/** What a queue found since its event loop woke up, and when it is time for the loop's other handles. Confined to the loop. */
final class WakeUp {
    /** Requests that one wake-up serves before the loop gets to its other handles. */
    private static final int MAX_REQUESTS = 64;

    /** Large requests that one wake-up serves, each of which may take as long as dozens of small ones. */
    private static final int MAX_LARGE = 8;

    /**
     * Queues that a turn of the loop serves before it looks into one only once: where each has one request, as those of many
     * exports have, every other look would be in vain.
     */
    static final int MANY_QUEUES = 4;

    private int requests;
    private int most = MAX_REQUESTS;
    private long turn = LoopTurn.UNKNOWN;
    private int transfers;
    private int large;
    private boolean afterLarge;
    private int client;
    private boolean severalClients;

    /**
     * The queue is ready to be read.
     *
     * @param current turn of the loop
     * @param before queues that it has served before this one
     */
    void begin(LoopTurn current, int before) {
        // Had it left a request there, the queue would be ready in the next turn, which then takes all.
        boolean left = most == 1 && current.number() == turn + 1;
        most = requests <= 1 && before >= MANY_QUEUES && !left ? 1 : MAX_REQUESTS;
        turn = current.number();
        afterLarge = large > 1;
        requests = 0;
        transfers = 0;
        large = 0;
        severalClients = false;
    }

    boolean mayGoOn() {
        return requests < most && large < MAX_LARGE;
    }

    /** A request has been served, as far as the loop can. */
    void served() {
        requests++;
    }

    /**
     * A READ or WRITE of so many bytes has been received.
     *
     * @param client the thread that asked for it
     */
    void transfers(int bytes, int client) {
        large += bytes >= SpareQueues.LARGE ? 1 : 0;
        severalClients |= transfers++ > 0 && client != this.client;
        this.client = client;
    }

    int requests() {
        return requests;
    }

    /** READs and WRITEs among the requests. */
    int transfers() {
        return transfers;
    }

    int large() {
        return large;
    }

    /** Whether the wake-up before found several large requests. */
    boolean isAfterSeveralLarge() {
        return afterLarge;
    }

    /** The thread that asked for the last transfer. */
    int client() {
        return client;
    }

    /** Whether different threads asked for transfers. */
    boolean hasSeveralClients() {
        return severalClients;
    }
}
