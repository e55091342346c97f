package dev.weir.storage.spi;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import java.util.LinkedHashMap;
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

    /** What stands before each key in messages: empty, or the path of a struct with a dot. */
    private final String path;

    public OptionReader(NodeOptions options) {
        this(options, "");
    }

    private OptionReader(NodeOptions options, String path) {
        this.left = new LinkedHashMap<>(options.values());
        this.path = path;
    }

    /** A value that must be there. */
    public String string(String key) {
        String value = string(key, null);
        if (value == null) {
            throw invalid("Parameter '" + path + key + "' is missing");
        }
        return value;
    }

    /** A value, or {@code absent}. */
    public @Nullable String string(String key, @Nullable String absent) {
        Object value = left.remove(key);
        if (value instanceof NodeOptions) {
            throw invalid("Invalid parameter type for '" + path + key + "', expected: string");
        }
        return value == null ? absent : (String) value;
    }

    /** {@code on} or {@code off}. */
    public boolean flag(String key, boolean absent) {
        String value = string(key, null);
        if (value == null) {
            return absent;
        }
        return switch (value) {
            case "on" -> true;
            case "off" -> false;
            default -> throw invalid("Parameter '" + path + key + "' expects 'on' or 'off'");
        };
    }

    /** A number of bytes, with a unit such as {@code 64M}; empty where it is absent. */
    public OptionalLong bytes(String key) {
        String value = string(key, null);
        if (value == null) {
            return OptionalLong.empty();
        }
        try {
            return OptionalLong.of(parseBytes(value));
        } catch (IllegalArgumentException e) {
            throw invalid("Parameter '" + path + key + "' expects a non-negative number of bytes with an optional unit"
                    + " (k, M, G, T, P or E), was '" + value + "'");
        }
    }

    /** A whole number of either sign, decimal or in C's notation for hexadecimal and octal; empty where it is absent. */
    public OptionalLong integer(String key) {
        Object value = left.remove(key);
        if (value == null) {
            return OptionalLong.empty();
        }
        if (!(value instanceof String text)) {
            throw invalid("Invalid parameter type for '" + path + key + "', expected: integer");
        }
        String digits = text.stripLeading();
        try {
            if (digits.indexOf('#') < 0) {
                return OptionalLong.of(Long.decode(digits));
            }
        } catch (NumberFormatException e) {
            // It is reported below.
        }
        throw invalid("Parameter '" + path + key + "' expects integer");
    }

    /**
     * The reader of a nested struct, or null where it is absent. Its messages name keys with their path. What it leaves is
     * refused by its own {@link #end}.
     */
    public @Nullable OptionReader struct(String key) {
        Object value = left.remove(key);
        if (value == null) {
            return null;
        }
        if (!(value instanceof NodeOptions options)) {
            throw invalid("Invalid parameter type for '" + path + key + "', expected: object");
        }
        return new OptionReader(options, path + key + ".");
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
        throw invalid("Parameter '" + path + key + "' does not accept value '" + value + "'");
    }

    /** A child node that must be there: its options, or a reference. */
    public NodeOptions child(String key) {
        Object value = left.remove(key);
        if (value == null) {
            throw invalid("Parameter '" + path + key + "' is missing");
        }
        return value instanceof NodeOptions options ? options : NodeOptions.reference((String) value);
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

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
