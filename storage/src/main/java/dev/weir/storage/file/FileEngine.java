package dev.weir.storage.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.CompletionHandler;

/** How bytes get into and out of an open file. Handlers are called on a thread of the engine's choice, never the caller's. */
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

    /** Gives the engine's own descriptor back; no request is in flight. Blocks. */
    void close() throws IOException;
}
