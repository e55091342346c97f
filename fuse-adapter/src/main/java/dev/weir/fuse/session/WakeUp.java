package dev.weir.fuse.session;

/** What a queue found since its event loop woke up, and when it is time for the loop's other handles. Confined to the loop. */
final class WakeUp {
    /** Requests that one wake-up serves before the loop gets to its other handles. */
    private static final int MAX_REQUESTS = 64;

    /** Large requests that one wake-up serves, each of which may take as long as dozens of small ones. */
    private static final int MAX_LARGE = 8;

    private int requests;
    private int large;

    void begin() {
        requests = 0;
        large = 0;
    }

    boolean mayGoOn() {
        return requests < MAX_REQUESTS && large < MAX_LARGE;
    }

    /** A request has been served, as far as the loop can. */
    void served() {
        requests++;
    }

    /** A READ or WRITE of so many bytes has been received. */
    void transfers(int bytes) {
        large += bytes >= SpareQueues.LARGE ? 1 : 0;
    }

    int requests() {
        return requests;
    }

    int large() {
        return large;
    }
}
