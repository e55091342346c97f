package dev.weir.storage.qcow2;

/** What a cache knows of a table, or a part of one, that it holds. Under the metadata lock but for {@link #touch}. */
abstract class CachedTable {
    /** Set when it is used, cleared when the cache looks for what is not. A race is harmless. */
    private boolean used = true;

    private boolean dirty;
    private int pins;

    /** It is of use. Any thread. */
    final void touch() {
        if (!used) {
            used = true;
        }
    }

    /** Whether it was used since this was asked last. */
    final boolean wasUsed() {
        boolean was = used;
        used = false;
        return was;
    }

    /** Whether the file does not have it as it is. */
    final boolean dirty() {
        return dirty;
    }

    final void dirty(boolean isDirty) {
        dirty = isDirty;
    }

    /** Keeps it in the cache until {@link #unpin}. */
    final void pin() {
        pins++;
    }

    final void unpin() {
        pins--;
    }

    /** Whether the cache may drop it. */
    final boolean droppable() {
        return !dirty && pins == 0;
    }
}
