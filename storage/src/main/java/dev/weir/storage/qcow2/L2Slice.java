package dev.weir.storage.qcow2;

/**
 * A part of an L2 table in memory. Entries are read under a hold on their clusters, and changed under an exclusive one and the
 * metadata lock; all else is under the metadata lock.
 */
final class L2Slice extends CachedTable {
    private final int index;
    private final long[] words;
    private final boolean extended;

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
}
