package dev.weir.fuse;

/** Whether the kernel reads the image's file by itself for clients that only read it. */
public enum Passthrough {
    /** Never: each request of a client is a request to the export. */
    OFF,
    /** As {@link #ON}, where nobody can write through the export. */
    AUTO,
    /**
     * Where it can be: the node is a raw image of a whole regular file, with nothing in between, and this process may ask
     * the kernel for it (Linux 6.9, CAP_SYS_ADMIN). For whoever opens the file for reading only, with {@code O_DIRECT}
     * where the node goes around the page cache and without it where it does not. Nothing is counted, delayed or reported
     * of what they read. Meanwhile the node is not reopened and gets no overlay. Excludes the {@link KernelCache}.
     *
     * <p>Mappings of whoever opens the file to write are mappings of the image's file: they can be written to even when the
     * export has ended, and others have the image.
     */
    ON
}
