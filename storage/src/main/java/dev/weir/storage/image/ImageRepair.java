package dev.weir.storage.image;

/** What a check mends. */
public enum ImageRepair {
    /** Nothing; the image is only read. */
    NONE,
    /** Clusters that nothing refers to are freed. */
    LEAKS,
    /** Everything that can be mended. */
    ALL
}
