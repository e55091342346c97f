package dev.weir.storage.spi;

import dev.weir.storage.NodeOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The declaration of an option: its name and type, whether it must be there, and what holds where it is not. It is also
 * what reads the option: {@link OptionReader#get}. Immutable.
 *
 * @param <T> what reading gives
 */
public final class Option<T> {
    /** What a value may be. */
    public enum Type {
        STRING,
        BOOLEAN,
        /** A whole number. */
        INTEGER,
        /** A number of bytes; in text with a unit, such as {@code 64M}. */
        SIZE,
        /** One of {@link #values}. */
        ENUM,
        /** A node: described in place, or referred to by its name. */
        CHILD,
        /** As {@link #CHILD}, or null: explicitly none. */
        CHILD_OR_NULL,
        /** A list of texts. */
        STRINGS,
        /** A text, or a list of texts. */
        STRING_OR_STRINGS,
        /** Options that belong together: {@link #members}. */
        GROUP
    }

    private final String name;
    private final Type type;
    private final boolean required;
    private final @Nullable Object absent;
    private final List<String> values;
    private final OptionSchema members;
    private final Function<OptionReader, T> reading;

    private Option(
            String name,
            Type type,
            boolean required,
            @Nullable Object absent,
            List<String> values,
            OptionSchema members,
            Function<OptionReader, T> reading) {
        this.name = name;
        this.type = type;
        this.required = required;
        this.absent = absent;
        this.values = List.copyOf(values);
        this.members = members;
        this.reading = reading;
    }

    private static <T> Option<T> required(String name, Type type, Function<OptionReader, T> reading) {
        return new Option<>(name, type, true, null, List.of(), OptionSchema.EMPTY, reading);
    }

    private static <T> Option<T> optional(
            String name, Type type, @Nullable Object absent, Function<OptionReader, T> reading) {
        return new Option<>(name, type, false, absent, List.of(), OptionSchema.EMPTY, reading);
    }

    /** A text that must be there. */
    public static Option<String> requiredString(String name) {
        return required(name, Type.STRING, reader -> reader.string(name));
    }

    /** A text. */
    public static Option<Optional<String>> string(String name) {
        return optional(name, Type.STRING, null, reader -> Optional.ofNullable(reader.string(name, null)));
    }

    /** A text with a default. */
    public static Option<String> string(String name, String absent) {
        return optional(
                name,
                Type.STRING,
                absent,
                reader -> Optional.ofNullable(reader.string(name, null)).orElse(absent));
    }

    /** On or off, where something else decides when it is absent. */
    public static Option<Optional<Boolean>> flag(String name) {
        return optional(
                name,
                Type.BOOLEAN,
                null,
                reader -> reader.has(name) ? Optional.of(reader.flag(name, false)) : Optional.empty());
    }

    /** On or off. */
    public static Option<Boolean> flag(String name, boolean absent) {
        return optional(name, Type.BOOLEAN, absent, reader -> reader.flag(name, absent));
    }

    /** A whole number that must be there. */
    public static Option<Long> requiredInteger(String name) {
        return required(name, Type.INTEGER, reader -> reader.integer(name).orElseThrow(() -> reader.missing(name)));
    }

    /** A whole number. */
    public static Option<OptionalLong> integer(String name) {
        return optional(name, Type.INTEGER, null, reader -> reader.integer(name));
    }

    /** A whole number with a default. */
    public static Option<Long> integer(String name, long absent) {
        return optional(
                name, Type.INTEGER, absent, reader -> reader.integer(name).orElse(absent));
    }

    /** A number of bytes that must be there. */
    public static Option<Long> requiredBytes(String name) {
        return required(name, Type.SIZE, reader -> reader.bytes(name).orElseThrow(() -> reader.missing(name)));
    }

    /** A number of bytes. */
    public static Option<OptionalLong> bytes(String name) {
        return optional(name, Type.SIZE, null, reader -> reader.bytes(name));
    }

    /** A number of bytes with a default. */
    public static Option<Long> bytes(String name, long absent) {
        return optional(name, Type.SIZE, absent, reader -> reader.bytes(name).orElse(absent));
    }

    /** A constant in kebab-case, or as it shows itself; where something else decides when it is absent. */
    public static <E extends Enum<E>> Option<Optional<E>> choice(String name, Class<E> type) {
        return new Option<>(
                name,
                Type.ENUM,
                false,
                null,
                words(type),
                OptionSchema.EMPTY,
                reader -> Optional.ofNullable(reader.constant(name, type)));
    }

    /** A constant in kebab-case. */
    public static <E extends Enum<E>> Option<E> choice(String name, Class<E> type, E absent) {
        return new Option<>(
                name,
                Type.ENUM,
                false,
                word(absent),
                words(type),
                OptionSchema.EMPTY,
                reader -> reader.choice(name, type, absent));
    }

    /** A constant in kebab-case that must be there. */
    public static <E extends Enum<E>> Option<E> requiredChoice(String name, Class<E> type) {
        return new Option<>(name, Type.ENUM, true, null, words(type), OptionSchema.EMPTY, reader -> {
            E constant = reader.constant(name, type);
            if (constant == null) {
                throw reader.missing(name);
            }
            return constant;
        });
    }

    /** A node that must be there; what is read goes to {@link OpenContext#openChild}. */
    public static Option<NodeOptions> requiredChild(String name) {
        return required(name, Type.CHILD, reader -> reader.child(name));
    }

    /** A node. */
    public static Option<Optional<NodeOptions>> child(String name) {
        return optional(
                name,
                Type.CHILD,
                null,
                reader -> reader.has(name) ? Optional.of(reader.child(name)) : Optional.empty());
    }

    /** A node, or {@link NodeOptions#NULL} where none is asked for explicitly; empty where nothing is said. */
    public static Option<Optional<NodeOptions>> childOrNull(String name) {
        return optional(
                name,
                Type.CHILD_OR_NULL,
                null,
                reader -> reader.has(name) ? Optional.of(reader.childOrNull(name)) : Optional.empty());
    }

    /** A list of texts; empty where it is absent. */
    public static Option<List<String>> strings(String name) {
        return optional(name, Type.STRINGS, null, reader -> reader.strings(name));
    }

    /**
     * A list of texts, or one text alone; empty where it is absent.
     *
     * @param type what messages call such a value
     */
    public static Option<List<String>> stringOrStrings(String name, String type) {
        return optional(name, Type.STRING_OR_STRINGS, null, reader -> reader.strings(name, type));
    }

    /** Options that belong together; what is read reads them, and has none where the group is absent. */
    public static Option<OptionReader> group(String name, OptionSchema members) {
        return new Option<>(name, Type.GROUP, false, null, List.of(), members, reader -> reader.group(name, members));
    }

    private static List<String> words(Class<? extends Enum<?>> type) {
        return Arrays.stream(type.getEnumConstants()).map(Option::word).toList();
    }

    static String word(Enum<?> constant) {
        String shown = constant.toString();
        return shown.equals(constant.name()) ? shown.toLowerCase(Locale.ROOT).replace('_', '-') : shown;
    }

    /** The key. */
    public String name() {
        return name;
    }

    /** What a value may be. */
    public Type type() {
        return type;
    }

    /** Whether it must be there. */
    public boolean required() {
        return required;
    }

    /** What holds where the option is absent, as it would be written; empty where something else decides. */
    public Optional<Object> absent() {
        return Optional.ofNullable(absent);
    }

    /** The values of an {@link Type#ENUM}. */
    public List<String> values() {
        return values;
    }

    /** What a {@link Type#GROUP} consists of. */
    public OptionSchema members() {
        return members;
    }

    T read(OptionReader reader) {
        return reading.apply(reader);
    }

    @Override
    public String toString() {
        return name + ": " + type;
    }
}
