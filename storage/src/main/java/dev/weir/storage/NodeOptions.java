package dev.weir.storage;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The options of a block node as a tree: what {@code --blockdev}, a control protocol and the embedding API have in common.
 * Values are {@code String}, {@code Boolean}, {@code Long}, or nested {@code NodeOptions}: a child that is described in
 * place, a group of options, or a list, whose keys are 0, 1 and so on. What else is given by name and options, an export or
 * an object, is described in the same way. Immutable.
 */
public final class NodeOptions {
    private final Map<String, Object> values;
    private final boolean typed;
    private final String path;

    private NodeOptions(Map<String, Object> values, boolean typed, String path) {
        this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        this.typed = typed;
        this.path = path;
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
        return parse(text, "driver");
    }

    /**
     * As {@link #parse(String)}, for something else than a node.
     *
     * @param impliedKey the key of a first word without {@code =}
     */
    public static NodeOptions parse(String text, String impliedKey) {
        return new KeyvalParser(text, impliedKey).parse();
    }

    /** A reference to a node that is in the graph already. */
    public static NodeOptions reference(String nodeName) {
        return new Builder().set("reference", nodeName).build();
    }

    /** All values by key, in the order in which they were set. */
    public Map<String, Object> values() {
        return values;
    }

    /** Whether values have the types that they were given, as in JSON: a text is no number then, and no boolean. */
    public boolean typed() {
        return typed;
    }

    /** Whether the keys are 0, 1 and so on; so are those of nothing at all. */
    public boolean list() {
        int next = 0;
        for (String key : values.keySet()) {
            if (!key.equals(Integer.toString(next++))) {
                return false;
            }
        }
        return true;
    }

    /** What precedes the keys in messages: nothing, or where these options stand in larger ones, with a dot at its end. */
    public String path() {
        return path;
    }

    /** The same options as part of larger ones. */
    public NodeOptions at(String path) {
        return new NodeOptions(values, typed, path);
    }

    @Override
    public String toString() {
        return values.toString();
    }

    /** Collects options; each value is checked by the driver that it is for, when the node is opened. */
    public static final class Builder {
        private final Map<String, Object> values = new LinkedHashMap<>();
        private boolean typed;

        private Builder() {}

        /** The values come with their types; see {@link NodeOptions#typed}. */
        public Builder typed() {
            typed = true;
            return this;
        }

        public Builder set(String key, String value) {
            values.put(key, value);
            return this;
        }

        public Builder set(String key, boolean value) {
            values.put(key, value);
            return this;
        }

        public Builder set(String key, long value) {
            values.put(key, value);
            return this;
        }

        /** A child: described in place, or a {@link #reference}. */
        public Builder set(String key, NodeOptions child) {
            values.put(key, child);
            return this;
        }

        public NodeOptions build() {
            return new NodeOptions(values, typed, "");
        }
    }
}
