package dev.weir.engine.cli.syntax;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An option of a command: {@code --name}, or {@code --name VALUE} and {@code --name=VALUE}. It may be given once.
 *
 * @param name without the dashes
 * @param letter the short form without the dash; 0 for none
 * @param value what its value may be; null for one that is on or off
 * @param standard the value where it is not given; null for none
 * @param description one or more sentences; the standard value is added to it
 */
public record Option(
        String name,
        char letter,
        @Nullable Value value,
        @Nullable String standard,
        String description) {
    /** Off unless it is given. */
    public static Option flag(String name, String description) {
        return new Option(name, '\0', null, null, description);
    }

    /** {@link #flag(String, String)} with a short form. */
    public static Option flag(String name, char letter, String description) {
        return new Option(name, letter, null, null, description);
    }

    /** One of some words, the first of which is the standard. */
    public static Option choice(String name, String description, String standard, String... others) {
        var choices = new java.util.ArrayList<>(List.of(standard));
        choices.addAll(List.of(others));
        return new Option(name, '\0', new Value.Choice(choices), standard, description);
    }

    /** A whole number from {@code least} to {@code most}. */
    public static Option number(String name, String label, String description, int standard, int least, int most) {
        return new Option(name, '\0', new Value.Number(label, least, most), Integer.toString(standard), description);
    }

    /** A number of bytes, at least {@code least}. */
    public static Option size(String name, String description, @Nullable String standard, long least) {
        return new Option(name, '\0', new Value.Size(least), standard, description);
    }

    /** The long form as it is typed. */
    public String dashed() {
        return "--" + name;
    }

    @Override
    public String toString() {
        return dashed();
    }
}
