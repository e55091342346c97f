package dev.weir.fuse.session;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Remembers which requests of a queue are unanswered, at the cost of one store a request: a request leaves nothing to
 * undo, its place is found free once it was answered.
 */
final class PendingRequests {
    private static final int FEWEST_PLACES = 64;

    /** A power of two. It grows when more than half was taken, so that a free place is near; it never shrinks. */
    private volatile @Nullable PendingRequest[] places = new PendingRequest[FEWEST_PLACES];

    private int next;

    /** Loop only. */
    void add(PendingRequest request) {
        @Nullable PendingRequest[] table = places;
        int mask = table.length - 1;
        int at = next;
        for (int tried = 0; isTaken(table[at & mask]); tried++) {
            if (tried > mask / 2) {
                table = grown(table);
                places = table;
                mask = table.length - 1;
                tried = 0;
            }
            at++;
        }
        table[at & mask] = request;
        next = at;
    }

    /** The old ones stay where they are, so that the upper half is free. */
    private static @Nullable PendingRequest[] grown(@Nullable PendingRequest[] table) {
        return Arrays.copyOf(table, 2 * table.length);
    }

    private static boolean isTaken(@Nullable PendingRequest there) {
        return there != null && !there.isAnswered();
    }

    /** The requests that are unanswered now. For messages about what does not end; any thread, may lag behind. */
    List<PendingRequest> unanswered() {
        var unanswered = new ArrayList<PendingRequest>();
        for (PendingRequest request : places) {
            if (request != null && isTaken(request)) {
                unanswered.add(request);
            }
        }
        return unanswered;
    }
}
