package dev.weir.storage;

import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What a user of a node holds: permissions on the node, a count of requests in flight, and the drain state.
 *
 * <p>Requests that arrive while the backend is drained wait until it is resumed; they never fail for it.
 */
public interface BlockBackend extends BlockIo {
    /** The node that requests go to. */
    BlockNode node();

    /** What was granted when the backend was attached. */
    Permissions permissions();

    /** Requests that were subscribed and have not ended. */
    int inFlight();

    /** Lets a user pause its own source of requests while the backend is drained. */
    interface DrainListener {
        /** Stop sending requests. Called on any thread; must not block. */
        void drainedBegin();

        /** Requests may be sent again. Called on any thread; must not block. */
        void drainedEnd();
    }

    /** Sets the listener, replacing the one before. It is told at once where the backend is drained already. */
    void onDrain(DrainListener listener);

    /**
     * Tells whether other users have changed data, or the length, of the node or of what it shares data with. A change counts
     * when it has ended, before its user is told; failed ones count too. From memory.
     */
    DataChanges changesByOthers();

    /** Hears of changes of data that others make. */
    @FunctionalInterface
    interface ChangeListener {
        /** The length of a range that has no known end. */
        long TO_THE_END = Long.MAX_VALUE;

        /**
         * Another user changed data, or tried to. Called on the thread on which the change ended, before that user is told;
         * must not block.
         *
         * @param offset the first byte that may be another than before
         * @param length bytes, or {@link #TO_THE_END}
         * @return ends when the other user may be told. It keeps the request of that user in flight: it must not wait for
         *     requests that a drain holds back
         */
        Mono<Void> changed(long offset, long length);
    }

    /**
     * Sets the listener that is told of each change of data of the node, or of what it shares data with, by other users,
     * and of changes of what the node is; null for none, which costs nobody anything. What a node above writes to this one
     * by itself, such as metadata, is told with its next change or flush.
     */
    void onChange(@Nullable ChangeListener listener);

    /** Hears of changes of the length. */
    @FunctionalInterface
    interface ResizeListener {
        /**
         * The node was resized. Called on any thread; must not block.
         *
         * @param length in bytes
         * @param own whether a request of this very backend, which is about to complete, made it so long
         */
        void resized(long length, boolean own);
    }

    /** Adds a listener that is told of every change of the length, whoever resized the node. */
    void onResize(ResizeListener listener);

    /**
     * Lets no new request pass and completes when none is in flight. Nests: each call needs its own
     * {@link #drainedEnd()}. The drain begins with the subscription.
     */
    Mono<Void> drainedBegin();

    /** Ends one {@link #drainedBegin()}; the last one lets the waiting requests go. */
    void drainedEnd();

    /** Is told of requests that failed. Called on the thread on which the request ended; must not block. */
    interface FailureListener {
        /** @param operation the name of the method of {@link BlockIo} */
        void failed(String operation, BlockException failure);
    }

    /** Adds a listener that is told of each request of this backend that fails, before its subscriber is. */
    void onError(FailureListener listener);

    /**
     * Relies on the file that holds the bytes of the node: until {@link #releaseFile} or {@link #close}, the node and what
     * lies below are not reopened, and get no overlay. Empty, and nothing is relied on, where there is no such file.
     */
    Mono<BackingFile> holdFile();

    /** Ends {@link #holdFile}. Idempotent. */
    void releaseFile();

    /** Lets no throttle below delay requests of this backend any more: its user is about to close it. Idempotent. */
    void hurry();

    /** Waits for requests in flight, then gives the permissions back. Idempotent; later requests fail with CLOSED. */
    Mono<Void> close();

    /**
     * As {@link #close}, by a user that has given up waiting for its requests in flight: nobody else waits for them
     * either. A graph that is closed, or is being closed, leaves the nodes below open until they have ended.
     */
    void abandon();
}
