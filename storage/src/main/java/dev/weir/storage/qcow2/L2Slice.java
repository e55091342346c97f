package dev.weir.storage.qcow2;

/**
 * A part of an L2 table in memory. Entries are read under a hold on their clusters, and changed under an exclusive one and the
 * metadata lock; all else is under the metadata lock.
 */
final class L2Slice {
    private final int index;
    private final long[] words;
    private final boolean extended;

    /** Set when it is used, cleared when the cache looks for what is not. A race is harmless. */
    private boolean used = true;

    private boolean dirty;
    private int pins;

    /** @param words one for each entry, or two where they are extended */
    L2Slice(int index, long[] words, boolean extended) {
        this.index = index;
        this.words = words;
        this.extended = extended;
    }

    /** Its place among all slices of the image. */
    int index() {
        return index;
    }

    long entry(int number) {
        return extended ? words[2 * number] : words[number];
    }

    /** Of an extended entry. */
    long bitmap(int number) {
        return words[2 * number + 1];
    }

    int entries() {
        return extended ? words.length / 2 : words.length;
    }

    /** After {@link L2Tables#changed}. */
    void put(int number, long entry, long bitmap) {
        if (extended) {
            words[2 * number] = entry;
            words[2 * number + 1] = bitmap;
        } else {
            words[number] = entry;
        }
    }

    long[] words() {
        return words;
    }

    void touch() {
        if (!used) {
            used = true;
        }
    }

    /** Whether it was used since this was asked last. */
    boolean wasUsed() {
        boolean was = used;
        used = false;
        return was;
    }

    boolean dirty() {
        return dirty;
    }

    void dirty(boolean isDirty) {
        dirty = isDirty;
    }

    /** Keeps it in the cache until {@link #unpin}. */
    void pin() {
        pins++;
    }

    void unpin() {
        pins--;
    }

    boolean pinned() {
        return pins > 0;
    }
}
