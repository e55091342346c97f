package dev.weir.engine.cli.syntax;

import dev.weir.storage.spi.OptionReader;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a command was given; every value is one that its option accepts. */
public final class Arguments {
    private final Map<String, String> values;
    private final List<String> operands;

    Arguments(Map<String, String> values, List<String> operands) {
        this.values = Map.copyOf(values);
        this.operands = List.copyOf(operands);
    }

    public boolean has(Option option) {
        return values.containsKey(option.name());
    }

    /** The value that was given, or the standard one, or null. */
    public @Nullable String find(Option option) {
        String value = values.get(option.name());
        return value == null ? option.standard() : value;
    }

    /** {@link #find} of an option with a standard value. */
    public String get(Option option) {
        return Objects.requireNonNull(find(option), option.name());
    }

    /** {@link #get} of an option that takes a whole number. */
    public int number(Option option) {
        return Integer.parseInt(get(option));
    }

    /** {@link #get} of an option that takes a number of bytes. */
    public long bytes(Option option) {
        return OptionReader.parseBytes(get(option));
    }

    /** Operands as the syntax numbers them, from 0. */
    public String operand(int index) {
        return operands.get(index);
    }
}
