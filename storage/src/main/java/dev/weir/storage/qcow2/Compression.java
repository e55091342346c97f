package dev.weir.storage.qcow2;

/** How compressed clusters are compressed; the ordinal is the number in the header. */
enum Compression {
    /** Raw deflate streams. */
    ZLIB,
    ZSTD
}
