package dev.weir.fuse;

/** Whether the kernel keeps pages of the file for clients that only read it, and reads ahead for them. */
public enum KernelCache {
    /** Never: each request of a client is a request to the export. */
    OFF,
    /**
     * For whoever opens the file for reading only and without {@code O_DIRECT}. Others, who write, are served as with
     * {@link #OFF}; but while the file is open by way of the cache, the kernel lets one synchronous write pass at a time.
     */
    ON,
    /** As {@link #ON}, unless the file is open for writing at that time: writers that come first are not slowed down. */
    AUTO
}
