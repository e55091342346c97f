package dev.weir.engine.qmp;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.util.Map;

/** What clients are told about malformed text: where it is, and QEMU's words for what is the matter. */
final class JsonErrors {
    private static final String DUPLICATE = "duplicate key";

    private static final Map<String, String> WORDS = Map.of(
            "was expecting double-quote to start field name", "expecting key",
            "was expecting a colon", "expecting ':'",
            "was expecting comma to separate Object entries", "expected ',' or '}'",
            "was expecting comma to separate Array entries", "expected ',' or ']'",
            "expected a valid value", "expecting value",
            "Duplicate field", DUPLICATE);

    private static final String MISMATCH = "Unexpected close marker";

    private static final String TOKEN = "Unrecognized token '";

    private JsonErrors() {}

    /**
     * @param lines how many there were before the first that the parser saw
     * @param columns how many there were in that before it saw any
     */
    static String describe(IOException failure, int lines, int columns) {
        String text = "JSON parse error, " + reason(failure);
        JsonLocation location =
                failure instanceof JsonProcessingException malformed && !(failure instanceof StreamConstraintsException)
                        ? malformed.getLocation()
                        : null;
        if (location == null) {
            return text;
        }
        // QEMU sees it when the value comes, which mostly is the next character.
        int after = text.endsWith(DUPLICATE) ? 1 : 0;
        int column = location.getColumnNr() + after + (location.getLineNr() == 1 ? columns : 0);
        return lines + location.getLineNr() + ":" + column + ": " + text;
    }

    /** Whether a brace or bracket closes what is not open. */
    static boolean isMismatch(IOException failure) {
        return String.valueOf(failure.getMessage()).startsWith(MISMATCH);
    }

    /**
     * The words for that.
     *
     * @param atOnce whether there is nothing between what is open and what closes
     */
    static String mismatch(IOException failure, boolean atOnce) {
        String message = String.valueOf(failure.getMessage());
        if (message.contains("for Object")) {
            return atOnce ? "expecting key" : "expected ',' or '}'";
        }
        return atOnce || !message.contains("for Array") ? "expecting value" : "expected ',' or ']'";
    }

    private static String reason(IOException failure) {
        String message = failure instanceof JsonProcessingException malformed
                ? String.valueOf(malformed.getOriginalMessage())
                : String.valueOf(failure.getMessage());
        if (failure instanceof JsonEOFException) {
            return "premature end of input";
        }
        if (message.startsWith(TOKEN)) {
            return "invalid keyword '" + message.substring(TOKEN.length(), message.indexOf('\'', TOKEN.length())) + "'";
        }
        if (isMismatch(failure)) {
            return mismatch(failure, false);
        }
        return WORDS.entrySet().stream()
                .filter(words -> message.contains(words.getKey()))
                .findFirst()
                .map(Map.Entry::getValue)
                .orElse(message);
    }
}
