package dev.weir.storage;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The options of a block node as a tree of strings: what {@code --blockdev}, a control protocol and the embedding API
 * have in common. Values are {@code String}, or nested {@code NodeOptions} for a child that is described in place.
 * Immutable.
 */
public final class NodeOptions {
    private final Map<String, Object> values;

    private NodeOptions(Map<String, Object> values) {
        this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** A new node of the driver. */
    public static Builder driver(String name) {
        return new Builder().set("driver", name);
    }

    /** Options without a driver yet. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Reads QEMU's key=value syntax, as in {@code driver=raw,file.driver=file,file.filename=disk.img}. A key with dots is a
     * value of a nested {@code NodeOptions}, {@code ,,} in a value is a comma, and a first word without {@code =} is the
     * driver. Of a key that is given twice the last value counts.
     *
     * @throws BlockException of kind {@link BlockErrorKind#INVALID} with QEMU's text
     */
    public static NodeOptions parse(String text) {
        return new KeyvalParser(text).parse();
    }

    /** A reference to a node that is in the graph already. */
    public static NodeOptions reference(String nodeName) {
        return new Builder().set("reference", nodeName).build();
    }

    /** All values by key, in the order in which they were set. */
    public Map<String, Object> values() {
        return values;
    }

    @Override
    public String toString() {
        return values.toString();
    }

    /** Collects options; each value is checked by the driver that it is for, when the node is opened. */
    public static final class Builder {
        private final Map<String, Object> values = new LinkedHashMap<>();

        private Builder() {}

        public Builder set(String key, String value) {
            values.put(key, value);
            return this;
        }

        public Builder set(String key, boolean value) {
            return set(key, value ? "on" : "off");
        }

        public Builder set(String key, long value) {
            return set(key, Long.toString(value));
        }

        /** A child: described in place, or a {@link #reference}. */
        public Builder set(String key, NodeOptions child) {
            values.put(key, child);
            return this;
        }

        public NodeOptions build() {
            return new NodeOptions(values);
        }
    }
}
