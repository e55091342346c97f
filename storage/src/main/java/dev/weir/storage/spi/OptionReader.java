package dev.weir.storage.spi;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Takes typed values out of {@link NodeOptions}; what was not taken when {@link #end} is called is an error. Not safe for
 * use by several threads at once. Every failure is a {@link BlockException} of kind {@link BlockErrorKind#INVALID} with
 * QEMU's text. Where options are declared nothing else can be read: that is an {@link IllegalStateException}.
 */
public final class OptionReader {
    private final Map<String, Object> left;
    private final boolean typed;
    private final String path;
    private final @Nullable OptionSchema declared;

    /** Reads anything. */
    public OptionReader(NodeOptions options) {
        this(options, null, new LinkedHashMap<>(options.values()));
    }

    /** Reads what is declared. */
    public OptionReader(NodeOptions options, OptionSchema declared) {
        this(options, declared, new LinkedHashMap<>(options.values()));
    }

    private OptionReader(NodeOptions options, @Nullable OptionSchema declared, Map<String, Object> left) {
        this.left = left;
        this.typed = options.typed();
        this.path = options.path();
        this.declared = declared;
    }

    /** The value of an option as it is declared. */
    public <T> T get(Option<T> option) {
        return option.read(this);
    }

    private void requireDeclared(String key) {
        if (declared != null && declared.find(key) == null) {
            throw new IllegalStateException("The option '" + path + key + "' is read, but not declared");
        }
    }

    private @Nullable Object take(String key) {
        requireDeclared(key);
        return left.remove(key);
    }

    /** A value that must be there. */
    public String string(String key) {
        String value = string(key, null);
        if (value == null) {
            throw missing(key);
        }
        return value;
    }

    /** A value, or {@code absent}. */
    public @Nullable String string(String key, @Nullable String absent) {
        Object value = take(key);
        if (value == null) {
            return absent;
        }
        if (value instanceof String text) {
            return text;
        }
        if (typed || value instanceof NodeOptions) {
            throw wrongType(key, "string");
        }
        return value.toString();
    }

    /** {@code on} or {@code off}, or what QEMU takes besides: yes and no, true and false, y and n. */
    public boolean flag(String key, boolean absent) {
        Object value = take(key);
        if (value == null) {
            return absent;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        if (typed || !(value instanceof String text)) {
            throw wrongType(key, "boolean");
        }
        return switch (text) {
            case "on", "yes", "true", "y" -> true;
            case "off", "no", "false", "n" -> false;
            default -> throw invalid("Parameter '" + path + key + "' expects 'on' or 'off'");
        };
    }

    /** A whole number, as C's {@code strtoll} reads it where it is text; empty where it is absent. */
    public OptionalLong integer(String key) {
        Object value = take(key);
        if (value == null) {
            return OptionalLong.empty();
        }
        if (value instanceof Long number) {
            return OptionalLong.of(number);
        }
        if (typed || !(value instanceof String text)) {
            throw wrongType(key, "integer");
        }
        try {
            if (text.indexOf('#') < 0) {
                return OptionalLong.of(Long.decode(text.stripLeading()));
            }
        } catch (NumberFormatException e) {
            // As what Java takes for hexadecimal and C does not.
        }
        throw invalid("Parameter '" + path + key + "' expects integer");
    }

    /** A number of bytes, with a unit such as {@code 64M}; empty where it is absent. */
    public OptionalLong bytes(String key) {
        requireDeclared(key);
        Object value = left.get(key);
        if (typed || !(value instanceof String text)) {
            OptionalLong number = integer(key);
            if (number.isPresent() && number.getAsLong() < 0) {
                throw invalid("Value '" + number.getAsLong() + "' is out of range for parameter '" + path + key + "'");
            }
            return number;
        }
        left.remove(key);
        try {
            return OptionalLong.of(parseBytes(text));
        } catch (IllegalArgumentException e) {
            throw invalid("Parameter '" + path + key + "' expects a non-negative number of bytes with an optional unit"
                    + " (k, M, G, T, P or E), was '" + text + "'");
        }
    }

    /** The texts of a list, or one text alone; empty where it is absent. */
    public List<String> strings(String key) {
        return strings(key, "array");
    }

    /** @param type what the message calls such a value */
    List<String> strings(String key, String type) {
        Object value = take(key);
        if (value instanceof String text) {
            return List.of(text);
        }
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof NodeOptions options) || options.isNull() || typed && !options.isList()) {
            throw wrongType(key, type);
        }
        var list = new OptionReader(options.at(path + key + "."));
        var texts = new ArrayList<String>();
        while (list.has(Integer.toString(texts.size()))) {
            if (typed && !(options.values().get(Integer.toString(texts.size())) instanceof String)) {
                throw wrongType(key + "[" + texts.size() + "]", "string");
            }
            texts.add(list.string(Integer.toString(texts.size())));
        }
        list.end();
        return texts;
    }

    /** The options that make a list, which must be there. Messages call them {@code key[0]} and so on. */
    public List<NodeOptions> objects(String key) {
        if (!has(key)) {
            throw missing(key);
        }
        if (!(left.remove(key) instanceof NodeOptions list) || list.isNull() || !list.list()) {
            throw wrongType(key, "array");
        }
        var objects = new ArrayList<NodeOptions>();
        for (Object value : list.values().values()) {
            String name = key + "[" + objects.size() + "]";
            if (!(value instanceof NodeOptions options)
                    || options.isNull()
                    || (options.list() && !options.values().isEmpty())) {
                throw wrongType(name, "object");
            }
            objects.add(options.at(path + name + "."));
        }
        return objects;
    }

    /** Options that belong together; none where they are absent. */
    public OptionReader group(String key) {
        return group(key, null);
    }

    OptionReader group(String key, @Nullable OptionSchema members) {
        Object value = take(key);
        NodeOptions options = value == null ? NodeOptions.builder().build() : options(key, value, "object");
        return new OptionReader(options, members, new LinkedHashMap<>(options.values()));
    }

    private NodeOptions options(String key, Object value, String type) {
        if (value instanceof NodeOptions options && !options.isNull() && !options.isList()) {
            return options.at(path + key + ".");
        }
        throw wrongType(key, type);
    }

    /** Whether a value is there that was not taken yet. */
    public boolean has(String key) {
        requireDeclared(key);
        return left.containsKey(key);
    }

    /** A constant of {@code type}, written in kebab-case. */
    public <E extends Enum<E>> E choice(String key, Class<E> type, E absent) {
        E constant = constant(key, type);
        return constant == null ? absent : constant;
    }

    /** A constant of {@code type}, or null. */
    <E extends Enum<E>> @Nullable E constant(String key, Class<E> type) {
        String value = string(key, null);
        if (value == null) {
            return null;
        }
        for (E constant : type.getEnumConstants()) {
            if (Option.word(constant).equals(value)) {
                return constant;
            }
        }
        throw refused(key, value);
    }

    /** The error of a value that is none of those that there are. As QEMU's, it tells the key alone. */
    public BlockException refused(String key, String value) {
        return invalid("Parameter '" + key + "' does not accept value '" + value + "'");
    }

    /** A child node that must be there: its options, or a reference. */
    public NodeOptions child(String key) {
        Object value = take(key);
        if (value == null) {
            throw missing(key);
        }
        return node(key, value, "BlockdevRef");
    }

    /** As {@link #child}, or {@link NodeOptions#NULL}; an empty text stands for that, too. */
    NodeOptions childOrNull(String key) {
        Object value = take(key);
        if (value == null) {
            throw missing(key);
        }
        if (value instanceof NodeOptions none && none.isNull() || value.equals("")) {
            return NodeOptions.NULL;
        }
        return node(key, value, "BlockdevRefOrNull");
    }

    private NodeOptions node(String key, Object value, String type) {
        return value instanceof String name
                ? NodeOptions.reference(name).at(path + key + ".")
                : options(key, value, type);
    }

    /** Refuses what was not taken. */
    public void end() {
        for (String key : left.keySet()) {
            throw invalid("Parameter '" + path + key + "' is unexpected");
        }
    }

    /**
     * Reads a size: a decimal number with an optional binary unit, as {@code 512}, {@code 64k}, {@code 1.5G}.
     *
     * @throws IllegalArgumentException where it is no size, is negative, or does not fit in a {@code long}
     */
    public static long parseBytes(String text) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("empty size");
        }
        int unit = "BKMGTPE".indexOf(Character.toUpperCase(text.charAt(text.length() - 1)));
        String digits = unit < 0 ? text : text.substring(0, text.length() - 1);
        if (!digits.matches("[0-9]+(\\.[0-9]+)?")) {
            throw new IllegalArgumentException("not a size: " + text);
        }
        var bytes =
                new java.math.BigDecimal(digits).multiply(java.math.BigDecimal.valueOf(1L << (10 * Math.max(0, unit))));
        try {
            return bytes.longValueExact();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("not a whole number of bytes that fits in 63 bits: " + text, e);
        }
    }

    BlockException missing(String key) {
        return invalid("Parameter '" + path + key + "' is missing");
    }

    private BlockException wrongType(String key, String expected) {
        return invalid("Invalid parameter type for '" + path + key + "', expected: " + expected);
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
