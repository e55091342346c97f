package dev.weir.storage;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The options of a block node as a tree: what {@code --blockdev}, a control protocol and the embedding API have in common.
 * Values are {@code String}, {@code Boolean}, {@code Long}, {@code Double}, or nested {@code NodeOptions}: a child that is described in
 * place or referred to, a group of options, a list, whose keys are 0, 1 and so on, or {@link #NULL}. What else is given by name and options, an export or
 * an object, is described in the same way. Immutable.
 */
public final class NodeOptions {
    private enum Shape {
        OPTIONS,
        LIST,
        REFERENCE,
        NULL
    }

    /** An explicit nothing in the place of a child, as JSON's {@code null}. */
    public static final NodeOptions NULL = new NodeOptions(Shape.NULL, Map.of(), true, "");

    private static final String REFERENCE = "reference";

    private final Shape shape;
    private final Map<String, Object> values;
    private final boolean typed;
    private final String path;

    private NodeOptions(Shape shape, Map<String, Object> values, boolean typed, String path) {
        this.shape = shape;
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
        return new NodeOptions(Shape.REFERENCE, Map.of(REFERENCE, nodeName), false, "");
    }

    /** Whether this is the name of a node that is in the graph already, the value of {@code reference}. */
    public boolean isReference() {
        return shape == Shape.REFERENCE;
    }

    /** Whether this is known to be a list, as in JSON; in text it is all the same. */
    public boolean isList() {
        return shape == Shape.LIST;
    }

    /** Whether this is {@link #NULL}. */
    public boolean isNull() {
        return shape == Shape.NULL;
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
        return new NodeOptions(shape, values, typed, path);
    }

    @Override
    public String toString() {
        return isNull() ? "null" : values.toString();
    }

    /**
     * Collects options; each value is checked when the node is opened. A key with dots is a value of nested options, as in
     * {@link #parse}, unless the values come with their types.
     */
    public static final class Builder {
        private final Map<String, Object> values = new LinkedHashMap<>();
        private boolean typed;
        private Shape shape = Shape.OPTIONS;

        private Builder() {}

        /** The values come with their types; see {@link NodeOptions#typed}. */
        public Builder typed() {
            typed = true;
            return this;
        }

        /** The keys are those of a list: 0, 1 and so on. */
        public Builder list() {
            shape = Shape.LIST;
            return this;
        }

        public Builder set(String key, String value) {
            return put(key, value);
        }

        public Builder set(String key, boolean value) {
            return put(key, value);
        }

        public Builder set(String key, long value) {
            return put(key, value);
        }

        /** A number that is not whole, or too large: no option takes one, but messages can then tell which. */
        public Builder set(String key, double value) {
            return put(key, value);
        }

        /** A child: described in place, a {@link #reference}, or {@link #NULL}; or a group of options. */
        public Builder set(String key, NodeOptions child) {
            return put(key, child);
        }

        private Builder put(String key, Object value) {
            int dot = typed ? -1 : key.indexOf('.');
            if (dot < 0) {
                values.put(key, value);
            } else {
                var nested = new Builder();
                if (values.get(key.substring(0, dot)) instanceof NodeOptions before) {
                    nested.values.putAll(before.values);
                }
                values.put(
                        key.substring(0, dot),
                        nested.put(key.substring(dot + 1), value).build());
            }
            return this;
        }

        public NodeOptions build() {
            return new NodeOptions(shape, values, typed, "");
        }
    }
}
