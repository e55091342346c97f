package dev.weir.storage.throttle;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Throttle groups by their id. Any thread. */
public final class ThrottleGroups {
    private final ThrottleTimer timer;

    // Guarded by this.
    private final Map<String, ThrottleGroup> groups = new LinkedHashMap<>();

    public ThrottleGroups() {
        this(ThrottleTimer.system());
    }

    ThrottleGroups(ThrottleTimer timer) {
        this.timer = timer;
    }

    /** @throws BlockException of kind {@link BlockErrorKind#INVALID} where there is a group of that id */
    public synchronized ThrottleGroup create(String id, ThrottleLimits limits) {
        if (groups.containsKey(id)) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "attempt to add duplicate property '" + id + "' to object (type 'container')");
        }
        var group = new ThrottleGroup(id, limits, timer);
        groups.put(id, group);
        return group;
    }

    /** @throws BlockException of kind {@link BlockErrorKind#NOT_FOUND} */
    public synchronized ThrottleGroup get(String id) {
        ThrottleGroup group = groups.get(id);
        if (group == null) {
            throw BlockException.of(BlockErrorKind.NOT_FOUND, "Throttle group '" + id + "' does not exist");
        }
        return group;
    }

    /** All groups in the order in which they were created. */
    public synchronized List<ThrottleGroup> all() {
        return List.copyOf(groups.values());
    }

    /**
     * Forgets a group.
     *
     * @throws BlockException of kind {@link BlockErrorKind#NOT_FOUND}, or {@link BlockErrorKind#BUSY} while nodes are in it
     */
    public synchronized void remove(String id) {
        if (get(id).members() > 0) {
            throw BlockException.of(
                    BlockErrorKind.BUSY, "Cannot delete throttle group '" + id + "' with active references");
        }
        groups.remove(id);
    }

    synchronized ThrottleMember join(String id) {
        return get(id).join();
    }
}
