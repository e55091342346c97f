package dev.weir.storage;

/**
 * What a user of a node does with it, and what it lets others do. The order is QEMU's: image locks are taken on the
 * bytes 100 + ordinal and 200 + ordinal of the image file.
 */
public enum Permission {
    /** Reads what was written last. */
    CONSISTENT_READ("consistent read"),
    /** Changes the visible contents. */
    WRITE("write"),
    /** Writes without changing the visible contents. */
    WRITE_UNCHANGED("write unchanged"),
    /** Changes the length. */
    RESIZE("resize");

    private final String text;

    Permission(String text) {
        this.text = text;
    }

    /** The name as it stands in messages about locks and conflicts. */
    public String text() {
        return text;
    }
}
