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
 * After malformed text it goes on, as QEMU does, where as many braces and brackets were closed as were opened. Not safe for
 * use by several threads at once.
 */
final class JsonStream {
    /** Bytes of one value: what a client can make the process hold is a few times as much. */
    static final int LARGEST = 256 << 10;

    /** Tokens of one value, each of which is an object or more. */
    static final int MOST_TOKENS = 16 << 10;

    /** How deep values may be nested. */
    static final int DEEPEST = 256;

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
    private final JsonNesting nesting = new JsonNesting();

    /** Where the next byte stands, and where the first one of the parser stood; from 0 on. */
    private int line;

    private int column;
    private int firstLine;
    private int firstColumn;

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
            int end = nesting.next(bytes, at, to);
            column += end - at;
            if (bytes[end - 1] == '\n') {
                line++;
                column = 0;
            }
            if (!skipping) {
                feedPiece(bytes, at, end);
            } else if (nesting.isOver()) {
                begin();
            }
            at = end;
        }
    }

    private void feedPiece(byte[] bytes, int from, int to) {
        length += to - from;
        if (length > LARGEST) {
            malformed("JSON parse error, the message is larger than " + LARGEST + " bytes");
            return;
        }
        // The parser does not see it when the comma came in an earlier piece.
        String missing = nesting.missing();
        if (missing != null) {
            malformed(atEnd("expecting " + missing));
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
            malformed(
                    JsonErrors.isMismatch(e)
                            ? atEnd(JsonErrors.mismatch(e, nesting.closesAtOnce()))
                            : JsonErrors.describe(e, firstLine, firstColumn));
        }
    }

    /** The description of what is the matter with the last byte. */
    private String atEnd(String reason) {
        return (line + 1) + ":" + column + ": JSON parse error, " + reason;
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

    private void malformed(String description) {
        if (nesting.isOver()) {
            begin();
        } else {
            skipping = true;
            drop();
        }
        sink.malformed(description);
    }

    /** The next byte begins a value. */
    private void begin() {
        skipping = false;
        nesting.reset();
        firstLine = line;
        firstColumn = column;
        drop();
    }

    private void drop() {
        parser = newParser();
        tokens = newTokens();
        depth = 0;
        count = 0;
        length = 0;
    }
}
