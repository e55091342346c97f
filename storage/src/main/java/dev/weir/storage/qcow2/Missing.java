package dev.weir.storage.qcow2;

import reactor.core.publisher.Mono;

/** Thrown by a step that needs something to be done before it can be tried again; nothing has changed then. */
final class Missing extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Mono<?> first;

    Missing(Mono<?> first) {
        super(null, null, false, false);
        this.first = first;
    }

    /** What has to end before. */
    Mono<?> first() {
        return first;
    }
}
