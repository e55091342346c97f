package dev.weir.engine;

/** How an export is removed. */
public enum RemoveMode {
    /** Only while no request is in flight; clients that merely have the file open do not count. */
    SAFE,
    /** In any case: requests in flight end first, or are given up at the shutdown timeout. */
    HARD
}
