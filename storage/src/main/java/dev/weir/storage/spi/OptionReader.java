package dev.weir.storage.spi;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Takes typed values out of {@link NodeOptions}; what was not taken when {@link #end} is called is an error. Not safe for
 * use by several threads at once. Every failure is a {@link BlockException} of kind {@link BlockErrorKind#INVALID} with
 * QEMU's text.
 */
public final class OptionReader {
    private final Map<String, Object> left;
    private final boolean typed;
    private final String path;

    public OptionReader(NodeOptions options) {
        this.left = new LinkedHashMap<>(options.values());
        this.typed = options.typed();
        this.path = options.path();
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
        Object value = left.remove(key);
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
        Object value = left.remove(key);
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
        Object value = left.remove(key);
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
        Object value = left.get(key);
        if (typed || !(value instanceof String text)) {
            OptionalLong number = integer(key);
            if (number.isPresent() && number.getAsLong() < 0) {
                throw invalid("Parameter '" + path + key + "' expects a non-negative number");
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
        Object value = left.remove(key);
        if (value instanceof String text) {
            return List.of(text);
        }
        if (value == null) {
            return List.of();
        }
        if (!(value instanceof NodeOptions options)) {
            throw wrongType(key, "array");
        }
        var list = new OptionReader(options.at(path + key + "."));
        var texts = new ArrayList<String>();
        while (list.has(Integer.toString(texts.size()))) {
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
        if (!(left.remove(key) instanceof NodeOptions list) || !list.list()) {
            throw wrongType(key, "array");
        }
        var objects = new ArrayList<NodeOptions>();
        for (Object value : list.values().values()) {
            String name = key + "[" + objects.size() + "]";
            if (!(value instanceof NodeOptions options)
                    || (options.list() && !options.values().isEmpty())) {
                throw wrongType(name, "object");
            }
            objects.add(options.at(path + name + "."));
        }
        return objects;
    }

    /** Options that belong together; none where they are absent. */
    public OptionReader group(String key) {
        Object value = left.remove(key);
        if (value == null) {
            return new OptionReader(NodeOptions.builder().build());
        }
        if (value instanceof NodeOptions options) {
            return new OptionReader(options.at(path + key + "."));
        }
        throw wrongType(key, "object");
    }

    /** Whether a value is there that was not taken yet. */
    public boolean has(String key) {
        return left.containsKey(key);
    }

    /** A constant of {@code type}, written in kebab-case. */
    public <E extends Enum<E>> E choice(String key, Class<E> type, E absent) {
        String value = string(key, null);
        if (value == null) {
            return absent;
        }
        for (E constant : type.getEnumConstants()) {
            if (constant.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(value)) {
                return constant;
            }
        }
        throw refused(key, value);
    }

    /** The error of a value that is none of those that there are. */
    public BlockException refused(String key, String value) {
        return invalid("Parameter '" + path + key + "' does not accept value '" + value + "'");
    }

    /** A child node that must be there: its options, or a reference. */
    public NodeOptions child(String key) {
        Object value = left.remove(key);
        if (value == null) {
            throw missing(key);
        }
        if (value instanceof NodeOptions options) {
            return options.at(path + key + ".");
        }
        return NodeOptions.reference(value.toString()).at(path + key + ".");
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

    private BlockException missing(String key) {
        return invalid("Parameter '" + path + key + "' is missing");
    }

    private BlockException wrongType(String key, String expected) {
        return invalid("Invalid parameter type for '" + path + key + "', expected: " + expected);
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
