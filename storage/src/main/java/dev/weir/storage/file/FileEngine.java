package dev.weir.storage.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.CompletionHandler;
import org.jspecify.annotations.Nullable;

/**
 * How bytes get into and out of an open file. Handlers are called on a thread of the engine's choice, never
 * before the call that they end has returned on the same thread.
 */
interface FileEngine {
    /**
     * Reads at most what is left of {@code dst} and advances its position; does not block. The handler gets the count, -1 at
     * the end of the file.
     */
    void read(ByteBuffer dst, long offset, CompletionHandler<Integer, ByteBuffer> handler);

    /** Writes at most what is left of {@code src} and advances its position; does not block. The handler gets the count. */
    void write(ByteBuffer src, long offset, CompletionHandler<Integer, ByteBuffer> handler);

    /** Puts on stable storage what was written through this engine or any other descriptor of the file. Blocks. */
    void sync() throws IOException;

    /**
     * As {@link #sync}, without blocking, where the engine can do that on the calling thread.
     *
     * @return false where it cannot: nothing was done, and the handler is not called
     */
    default boolean trySync(SyncHandler handler) {
        return false;
    }

    /** Who waits for a sync. */
    interface SyncHandler {
        /** The sync starts: it serves what was written by now. */
        void serve();

        /** The sync has ended; called as other handlers are. */
        void synced(@Nullable Throwable failure);
    }

    /** Gives the engine's own descriptor back; no request is in flight. Blocks. */
    void close() throws IOException;
}
