package dev.weir.storage.graph;

import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Reopening} is to do.
 *
 * @param childrenFirst the nodes that get other options, as their parents will be
 * @param drained the nodes below all users that must not have a request in flight
 * @param moving backends that get another node
 * @param overlay that node; null where none moves
 */
record NodeChange(
        List<ReopenPlan.Entry> childrenFirst,
        Set<GraphNode> drained,
        List<NodeUser> moving,
        @Nullable GraphNode overlay) {
    /** The same user, where it will be. */
    NodeUser moved(NodeUser user) {
        return NodeUser.backend(backend(user), target());
    }

    void move() {
        moving.forEach(user -> backend(user).node(target()));
    }

    /** Whoever has moved sees another length, perhaps. */
    void tellLengths() {
        for (NodeUser user : moving) {
            long length = target().length();
            if (length != user.node().length()) {
                backend(user).resized(length, false);
            }
        }
    }

    private GraphNode target() {
        return Objects.requireNonNull(overlay, "overlay");
    }

    private static Backend backend(NodeUser user) {
        return Objects.requireNonNull(user.backend(), "backend");
    }
}
