package dev.weir.storage.qcow2;

/** The feature bits of a header of version 3. */
final class Feature {
    /** Incompatible: the refcounts may be wrong. */
    static final long DIRTY = 1;

    /** Incompatible: the metadata may be wrong. */
    static final long CORRUPT = 1 << 1;

    /** Incompatible: guest data lies in another file. */
    static final long DATA_FILE = 1 << 2;

    /** Incompatible: the compression type is another than deflate. */
    static final long COMPRESSION = 1 << 3;

    /** Incompatible: L2 entries have subclusters. */
    static final long EXTENDED_L2 = 1 << 4;

    static final long KNOWN_INCOMPATIBLE = DIRTY | CORRUPT | DATA_FILE | COMPRESSION | EXTENDED_L2;

    /** Compatible: refcounts may be written late, under {@link #DIRTY}. */
    static final long LAZY_REFCOUNTS = 1;

    /** Auto-clear: the bitmaps match the data. */
    static final long BITMAPS = 1;

    /** Auto-clear: the data file by itself is a raw image. */
    static final long RAW_DATA_FILE = 1 << 1;

    private Feature() {}
}
