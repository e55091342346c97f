package dev.weir.engine.cli.image;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.image.ImageCreation;
import dev.weir.storage.spi.OptionReader;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The options of a new image as they are given: {@code key=value,...}, any number of times. */
public final class CreationOptions {
    private final Map<String, String> values = new LinkedHashMap<>();

    /** @throws BlockException of kind INVALID where the text is no list of options */
    public CreationOptions(Iterable<String> texts) {
        for (String text : texts) {
            String first = text.split(",", 2)[0];
            if (first.indexOf('=') < 0) {
                throw invalid("Expected '=' after parameter '" + first + "'");
            }
            flatten("", NodeOptions.parse(text));
        }
    }

    private void flatten(String path, NodeOptions options) {
        options.values().forEach((key, value) -> {
            if (value instanceof NodeOptions nested) {
                flatten(path + key + ".", nested);
            } else {
                values.put(path + key, value.toString());
            }
        });
    }

    /** Takes one out; null where it was not given. */
    public @Nullable String take(String key) {
        return values.remove(key);
    }

    /** Puts one in that has an option of its own; given in both ways it must be the same. */
    public void put(String key, @Nullable String value) {
        if (value != null) {
            String other = values.put(key, value);
            if (other != null && !other.equals(value)) {
                throw invalid("'" + key + "' is given twice: '" + other + "' and '" + value + "'");
            }
        }
    }

    /** Takes the size out: bytes, or -1 where none was given. */
    public long takeSize() {
        String text = values.remove("size");
        if (text == null) {
            return -1;
        }
        try {
            return OptionReader.parseBytes(text);
        } catch (IllegalArgumentException e) {
            throw invalid("Parameter 'size' expects a number of bytes with an optional unit, was '" + text + "'");
        }
    }

    /** Takes the preallocation out. */
    public PreallocMode takePreallocation() {
        String text = values.remove("preallocation");
        if (text == null) {
            return PreallocMode.OFF;
        }
        for (PreallocMode mode : PreallocMode.values()) {
            if (mode.name().toLowerCase(Locale.ROOT).equals(text)) {
                return mode;
            }
        }
        throw invalid("Parameter 'preallocation' does not accept value '" + text + "'");
    }

    /** All that are left are the format's. */
    public ImageCreation creation(
            long size,
            @Nullable String backingFile,
            @Nullable String backingFormat,
            @Nullable String dataFile,
            PreallocMode preallocation) {
        return new ImageCreation(size, backingFile, backingFormat, dataFile, preallocation, Map.copyOf(values));
    }

    /** For a format without options. */
    public void requireNone() {
        for (String key : values.keySet()) {
            throw invalid("Invalid parameter '" + key + "'");
        }
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
