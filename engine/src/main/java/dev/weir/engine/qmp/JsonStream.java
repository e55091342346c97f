package dev.weir.engine.qmp;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.async.ByteArrayFeeder;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.util.TokenBuffer;
import java.io.IOException;

/**
 * Finds values in a stream of JSON text, however it is cut into pieces. Strings may stand in single quotes, as in QEMU.
 * After malformed text it goes on at the next line. Not safe for use by several threads at once.
 */
final class JsonStream {
    /** Bytes of one value: what a client can make the process hold is a few times as much. */
    static final int LARGEST = 256 << 10;

    /** Tokens of one value, each of which is an object or more. */
    static final int MOST_TOKENS = 16 << 10;

    /** How deep values may be nested. */
    static final int DEEPEST = 256;

    /** Of so many bytes the first may end a value and the others count for the next. */
    private static final int PIECE = 4 << 10;

    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    // Names are kept for as long as the parser lives, and clients may send ever new ones.
                    .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .maxStringLength(LARGEST)
                            .maxNameLength(LARGEST)
                            .maxNumberLength(100)
                            .build())
                    .build())
            .build();

    /** What becomes of values. */
    interface Sink {
        void value(JsonNode value);

        /** @param description as in an error answer */
        void malformed(String description);
    }

    private final Sink sink;
    private JsonParser parser = newParser();
    private TokenBuffer tokens = newTokens();
    /** Lines that ended, and how many of them before the first of the parser. */
    private int ended;

    private int skipped;

    private int depth;
    private int count;
    private long length;
    private boolean skipping;

    JsonStream(Sink sink) {
        this.sink = sink;
    }

    private static JsonParser newParser() {
        try {
            return MAPPER.getFactory().createNonBlockingByteArrayParser();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static TokenBuffer newTokens() {
        return new TokenBuffer(MAPPER, false);
    }

    /** Takes the next piece of text and calls the sink for each value that ends in it. */
    void feed(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to) {
            if (skipping) {
                at = skip(bytes, at, to);
            } else {
                // Line by line, so that what follows malformed text is found again.
                int end = lineEnd(bytes, at, Math.min(to, at + PIECE));
                feedLine(bytes, at, end);
                at = end;
            }
            if (bytes[at - 1] == '\n') {
                ended++;
            }
        }
    }

    private int skip(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            if (bytes[at] == '\n') {
                skipping = false;
                return at + 1;
            }
        }
        return to;
    }

    private static int lineEnd(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            if (bytes[at] == '\n') {
                return at + 1;
            }
        }
        return to;
    }

    private void feedLine(byte[] bytes, int from, int to) {
        length += to - from;
        if (length > LARGEST) {
            malformed("JSON parse error, the message is larger than " + LARGEST + " bytes", bytes, to);
            return;
        }
        try {
            ((ByteArrayFeeder) parser.getNonBlockingInputFeeder()).feedInput(bytes, from, to);
            for (JsonToken token = parser.nextToken();
                    token != JsonToken.NOT_AVAILABLE && token != null;
                    token = parser.nextToken()) {
                take(token);
            }
            if (depth == 0 && tokens.firstToken() == null && isBlank(bytes, from, to)) {
                length = 0;
            }
        } catch (IOException e) {
            malformed(JsonErrors.describe(e, skipped), bytes, to);
        }
    }

    private static boolean isBlank(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            if (bytes[at] > ' ' || bytes[at] < 0) {
                return false;
            }
        }
        return true;
    }

    private void take(JsonToken token) throws IOException {
        tokens.copyCurrentEvent(parser);
        if (++count > MOST_TOKENS) {
            throw new IOException("more than " + MOST_TOKENS + " tokens");
        }
        if (token.isStructStart()) {
            depth++;
        } else if (token.isStructEnd()) {
            depth--;
        }
        if (depth == 0) {
            JsonNode value = MAPPER.readTree(tokens.asParserOnFirstToken());
            tokens.close();
            tokens = newTokens();
            length = 0;
            count = 0;
            sink.value(value);
        }
    }

    private void malformed(String description, byte[] bytes, int end) {
        // The next one begins with the line after this one.
        skipped = ended + 1;
        parser = newParser();
        tokens = newTokens();
        depth = 0;
        count = 0;
        length = 0;
        skipping = bytes[end - 1] != '\n';
        sink.malformed(description);
    }
}
