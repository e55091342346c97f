package dev.weir.engine.cli.top;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds keys in the bytes that a terminal sends. */
final class KeyDecoder {
    private static final Map<String, Key> SEQUENCES = Map.ofEntries(
            Map.entry("[A", Key.UP),
            Map.entry("[B", Key.DOWN),
            Map.entry("OA", Key.UP),
            Map.entry("OB", Key.DOWN),
            Map.entry("[5~", Key.PAGE_UP),
            Map.entry("[6~", Key.PAGE_DOWN),
            Map.entry("[H", Key.HOME),
            Map.entry("[F", Key.END),
            Map.entry("OH", Key.HOME),
            Map.entry("OF", Key.END),
            Map.entry("[1~", Key.HOME),
            Map.entry("[4~", Key.END));
    private static final char ESCAPE = 27;
    private static final int LONGEST = 8;

    /** What came after an escape; null where none came. */
    private @Nullable StringBuilder sequence;

    /** The key that ends with this byte, if any does. */
    @Nullable
    Key next(int value) {
        char c = (char) value;
        if (c == ESCAPE) {
            sequence = new StringBuilder();
            return null;
        }
        StringBuilder begun = sequence;
        if (begun == null || (begun.length() == 0 && c != '[' && c != 'O')) {
            sequence = null;
            return plain(c);
        }
        begun.append(c);
        boolean ends = begun.length() > 1 && c >= '@' && c <= '~';
        if (ends || begun.length() == LONGEST) {
            sequence = null;
            return SEQUENCES.get(begun.toString());
        }
        return null;
    }

    private static @Nullable Key plain(char c) {
        return switch (c) {
            case 'q', 'Q' -> Key.QUIT;
            case 's', 'S' -> Key.SORT;
            case 'k' -> Key.UP;
            case 'j' -> Key.DOWN;
            case 'b' -> Key.PAGE_UP;
            case ' ', 'f' -> Key.PAGE_DOWN;
            case 'g' -> Key.HOME;
            case 'G' -> Key.END;
            default -> null;
        };
    }
}
