package dev.weir.storage.graph;

import dev.weir.storage.BlockBackend.ResizeListener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Those who hear of other lengths by one backend; one that fails keeps nobody else from it. Any thread. */
final class ResizeListeners {
    private static final Logger log = LoggerFactory.getLogger(ResizeListeners.class);

    private final List<ResizeListener> listeners = new CopyOnWriteArrayList<>();

    void add(ResizeListener listener) {
        listeners.add(listener);
    }

    void resized(GraphNode node, long length, boolean own) {
        for (ResizeListener listener : listeners) {
            try {
                listener.resized(length, own);
            } catch (RuntimeException e) {
                log.warn("A resize listener of node {} failed", node.nodeName(), e);
            }
        }
    }
}
