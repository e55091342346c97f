package dev.weir.storage.throttle;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Requests that wait, by member: members take turns, the requests of each go in their order. Guarded by the group. */
final class TurnQueue {
    private final Map<ThrottleMember, Deque<ThrottledRequest>> waiting = new LinkedHashMap<>();
    private int size;

    int size() {
        return size;
    }

    void add(ThrottledRequest request) {
        waiting.computeIfAbsent(request.member(), member -> new ArrayDeque<>()).add(request);
        size++;
    }

    /** The next request of the member whose turn it is; the turn then passes to the next member. */
    @Nullable
    ThrottledRequest poll() {
        Iterator<Map.Entry<ThrottleMember, Deque<ThrottledRequest>>> turns =
                waiting.entrySet().iterator();
        if (!turns.hasNext()) {
            return null;
        }
        Map.Entry<ThrottleMember, Deque<ThrottledRequest>> turn = turns.next();
        turns.remove();
        ThrottledRequest next = turn.getValue().remove();
        if (!turn.getValue().isEmpty()) {
            waiting.put(turn.getKey(), turn.getValue());
        }
        size--;
        return next;
    }

    boolean hasWaiting(ThrottleMember member) {
        return waiting.containsKey(member);
    }

    /** Hands over the requests of drained members. */
    void takeDrained(List<ThrottledRequest> taken) {
        waiting.values().removeIf(requests -> {
            if (!requests.element().member().isDrained()) {
                return false;
            }
            taken.addAll(requests);
            size -= requests.size();
            return true;
        });
    }

    /** Whether the request was still waiting. */
    boolean remove(ThrottledRequest request) {
        Deque<ThrottledRequest> requests = waiting.get(request.member());
        if (requests == null || !requests.remove(request)) {
            return false;
        }
        if (requests.isEmpty()) {
            waiting.remove(request.member());
        }
        size--;
        return true;
    }
}
