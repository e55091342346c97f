package dev.weir.storage.graph;

import java.nio.ByteBuffer;
import reactor.core.CoreSubscriber;

/** A read of a backend. */
final class BackendRead extends BackendMono<Void> {
    private final ByteBuffer dst;

    BackendRead(Backend backend, long offset, ByteBuffer dst) {
        super(backend, "read", offset);
        this.dst = dst;
    }

    @Override
    void issue(CoreSubscriber<? super Void> request) {
        backend.node().startRead(offset, dst, request);
    }
}
