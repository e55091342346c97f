package dev.weir.engine.cli;

import java.util.StringJoiner;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads one of some words: the constants of an enum as they show themselves, where picocli would take their names too. */
record Words<E extends Enum<E>>(Class<E> type) implements ITypeConverter<E> {
    @Override
    public E convert(String word) {
        var known = new StringJoiner("', '", "'", "'");
        for (E constant : type.getEnumConstants()) {
            if (constant.toString().equals(word)) {
                return constant;
            }
            known.add(constant.toString());
        }
        throw new TypeConversionException("'" + word + "' is not one of " + known);
    }
}
