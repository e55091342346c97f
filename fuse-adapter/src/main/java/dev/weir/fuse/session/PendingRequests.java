package dev.weir.fuse.session;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Remembers which requests of a queue are unanswered, at the cost of one store a request: a request leaves nothing to
 * undo, its place is found free once it was answered.
 */
final class PendingRequests {
    /** A power of two of at least twice the most requests in flight, so that a free place is near. */
    private final @Nullable PendingRequest[] places;

    private int next;

    PendingRequests(int maxRequests) {
        this.places = new PendingRequest[Integer.highestOneBit(Math.max(8, maxRequests)) << 2];
    }

    /** Loop only. */
    void add(PendingRequest request) {
        int mask = places.length - 1;
        int at = next;
        for (int tried = 0; tried <= mask; tried++) {
            PendingRequest there = places[at & mask];
            if (there == null || there.isAnswered()) {
                break;
            }
            at++;
        }
        places[at & mask] = request;
        next = at + 1;
    }

    /** The requests that are unanswered now. For messages about what does not end; any thread, may lag behind. */
    List<PendingRequest> unanswered() {
        var unanswered = new ArrayList<PendingRequest>();
        for (PendingRequest request : places) {
            if (request != null && !request.isAnswered()) {
                unanswered.add(request);
            }
        }
        return unanswered;
    }
}
