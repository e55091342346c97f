package dev.weir.engine.qmp;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.util.Map;

/** What clients are told about malformed text: where it is, and QEMU's words for what is the matter. */
final class JsonErrors {
    private static final Map<String, String> WORDS = Map.of(
            "was expecting double-quote to start field name", "expecting key",
            "was expecting a colon", "expecting ':'",
            "was expecting comma to separate Object entries", "expected ',' or '}'",
            "was expecting comma to separate Array entries", "expected ',' or ']'",
            "expected a valid value", "expecting value",
            "Unexpected close marker", "expecting value",
            "Duplicate field", "duplicate key");

    private static final String TOKEN = "Unrecognized token '";

    private JsonErrors() {}

    /** @param lines how many there were before the first that the parser saw */
    static String describe(IOException failure, int lines) {
        String text = "JSON parse error, " + reason(failure);
        JsonLocation location =
                failure instanceof JsonProcessingException malformed && !(failure instanceof StreamConstraintsException)
                        ? malformed.getLocation()
                        : null;
        return location == null ? text : lines + location.getLineNr() + ":" + location.getColumnNr() + ": " + text;
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
        return WORDS.entrySet().stream()
                .filter(words -> message.contains(words.getKey()))
                .findFirst()
                .map(Map.Entry::getValue)
                .orElse(message);
    }
}
