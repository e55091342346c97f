package dev.weir.engine.qmp;

import org.jspecify.annotations.Nullable;

/**
 * Cuts JSON text, well-formed or not, into pieces after each token, and counts what is open. Not safe for use by several
 * threads at once.
 */
final class JsonNesting {
    private int braces;
    private int brackets;

    /** What ends the string that the next byte is in; 0 outside of strings. */
    private byte quote;

    private boolean escaped;
    private boolean broken;
    private boolean whole = true;

    /** The last two bytes that are not blank and outside of strings, or end one. */
    private byte last;

    private byte beforeLast;

    /** @return where the piece that begins at {@code from} ends: after it, at most at {@code to} */
    int next(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            if (quote == 0 ? endsOutside(bytes[at]) : endsInString(bytes[at])) {
                whole = true;
                return at + 1;
            }
        }
        whole = false;
        return to;
    }

    private boolean endsOutside(byte b) {
        if (b < 0 || b > ' ') {
            beforeLast = last;
            last = b;
        }
        switch (b) {
            case '{' -> braces++;
            case '}' -> braces--;
            case '[' -> brackets++;
            case ']' -> brackets--;
            case '"', '\'' -> quote = b;
            default -> {}
        }
        return switch (b) {
            case '{', '}', '[', ']', ':', ',', ' ', '\t', '\r', '\n' -> true;
            default -> false;
        };
    }

    private boolean endsInString(byte b) {
        if (b >= 0 && b < ' ') {
            broken = true;
        } else if (escaped || b == '\\') {
            escaped = !escaped;
            return false;
        } else if (b != quote) {
            return false;
        }
        quote = 0;
        escaped = false;
        return true;
    }

    /** Whether nothing is open any more: all was closed, or more than was opened, or a string broke off. */
    boolean isOver() {
        return broken || braces < 0 || brackets < 0 || (braces == 0 && brackets == 0 && whole);
    }

    /** What should stand where the last piece closed something after a comma or a colon; null where it did not. */
    @Nullable
    String missing() {
        if (last == '}' && beforeLast == ',') {
            return "key";
        }
        boolean closes = last == '}' || last == ']';
        return closes && (beforeLast == ',' || beforeLast == ':') ? "value" : null;
    }

    /** Whether the last piece closed something right after something was opened. */
    boolean closesAtOnce() {
        return beforeLast == '{' || beforeLast == '[';
    }

    /** Nothing was opened yet. */
    void reset() {
        braces = 0;
        brackets = 0;
        quote = 0;
        escaped = false;
        broken = false;
        whole = true;
        last = 0;
    }
}
