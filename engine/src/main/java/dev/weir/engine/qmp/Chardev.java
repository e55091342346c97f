package dev.weir.engine.qmp;

import reactor.core.publisher.Mono;

/** A way over which clients talk: QEMU's character devices, as far as monitors need them. */
interface Chardev {
    /** What is done with a client. All calls come on the loop of the server, in order. */
    interface Conversation {
        void received(byte[] bytes, int from, int to);

        /** The client is gone. */
        void closed();
    }

    /** Makes a conversation with a client that came. */
    interface Listener {
        Conversation connected(QmpMonitor.Link link);
    }

    /**
     * Begins to take clients.
     *
     * @return completes when it does, and with {@code wait=on} when the first one is there
     */
    Mono<Void> open(Listener listener);

    /** Takes no more clients, and drops those that are there once they were sent what waits. */
    Mono<Void> close();
}
