package dev.weir.storage;

import java.io.IOException;

/**
 * A regular file that holds the bytes of a node and nothing else, each at its own offset: whoever reads it reads what the
 * node would have read. Any thread.
 */
public interface BackingFile {
    /** Whether the node goes around the page cache. */
    boolean direct();

    /**
     * Opens the file again for reading, whatever its name is by now, with O_DIRECT where the node is {@link #direct}.
     * Blocks.
     *
     * @return a descriptor of the caller's, close-on-exec
     * @throws IOException also where it cannot be read around the page cache, whatever {@link #direct} says: clients may
     *     ask for that
     */
    int open() throws IOException;
}
