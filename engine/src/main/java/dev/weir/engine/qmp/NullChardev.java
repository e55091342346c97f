package dev.weir.engine.qmp;

import reactor.core.publisher.Mono;

/** Where no client ever comes from. */
final class NullChardev implements Chardev {
    @Override
    public Mono<Void> open(Listener listener) {
        return Mono.empty();
    }

    @Override
    public Mono<Void> close() {
        return Mono.empty();
    }
}
