package dev.weir.storage.graph;

import dev.weir.storage.BlockBackend.ChangeListener;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A request that changes data. */
abstract class BackendChange extends BackendMono<Void> {
    BackendChange(Backend backend, String operation, long offset) {
        super(backend, operation, offset);
    }

    /** The first byte that may be another than before. */
    long from() {
        return offset;
    }

    /** Bytes from there on. */
    long length() {
        return ChangeListener.TO_THE_END;
    }

    @Override
    @Nullable
    final Mono<Void> ended() {
        return backend.changed(from(), length());
    }
}
