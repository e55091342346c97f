package dev.weir.engine.qmp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonStreamTest {
    private static final String TWO_LINES = "{\"execute\": \"é\",\n \"id\": [1, {\"a\": null}]}";

    /** What came out, in order: values as text, and errors after an exclamation mark. */
    private final List<String> seen = new ArrayList<>();

    private final JsonStream stream = new JsonStream(new JsonStream.Sink() {
        @Override
        public void value(JsonNode value) {
            seen.add(value.toString());
        }

        @Override
        public void malformed(String description) {
            seen.add("!" + description);
        }
    });

    private List<String> feed(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        stream.feed(bytes, 0, bytes.length);
        return seen;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 1000})
    void piecesMayHaveAnySize(int size) {
        byte[] bytes = (TWO_LINES + TWO_LINES + "\r\n" + TWO_LINES).getBytes(UTF_8);
        for (int from = 0; from < bytes.length; from += size) {
            stream.feed(bytes, from, Math.min(bytes.length, from + size));
        }
        assertThat(seen).hasSize(3).containsOnly("{\"execute\":\"é\",\"id\":[1,{\"a\":null}]}");
    }

    @Test
    void aValueIsToldAsSoonAsItEnds() {
        assertThat(feed("{\"a\":1")).isEmpty();
        assertThat(feed("}")).containsExactly("{\"a\":1}");
        assertThat(feed("{}{}")).containsExactly("{\"a\":1}", "{}", "{}");
    }

    @Test
    void stringsMayStandInSingleQuotes() {
        assertThat(feed("{'execute': 'x\"y', 'a': 'it\\'s'}"))
                .containsExactly("{\"execute\":\"x\\\"y\",\"a\":\"it's\"}");
    }

    @Test
    void whatIsNoObjectIsAValueToo() {
        assertThat(feed("5\n\"x\"\n[1]true\n")).containsExactly("5", "\"x\"", "[1]", "true");
    }

    @Test
    void blanksAreNothing() {
        assertThat(feed(" \t\r\n\n".repeat(JsonStream.LARGEST))).isEmpty();
        assertThat(feed("{}")).containsExactly("{}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {"a":1,}                    | 1:8: JSON parse error, expecting key
                    {"a" "b"}                   | 1:6: JSON parse error, expecting ':'
                    {foo:1}                     | 1:2: JSON parse error, expecting key
                    {"a":1 "b":2}               | 1:8: JSON parse error, expected ',' or '}'
                    [1 2]                       | 1:4: JSON parse error, expected ',' or ']'
                    [1,]                        | 1:4: JSON parse error, expecting value
                    nope                        | 1:1: JSON parse error, invalid keyword 'nope'
                    }                           | 1:1: JSON parse error, expecting value
                    {"a":1,"a":2}               | 1:12: JSON parse error, duplicate key
                    """)
    void malformedTextIsTold(String text, String error) {
        assertThat(feed(text + "\n")).containsExactly("!" + error);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0001", "{\"a\":\"\\x\"}", "{\"a\":01}", "{\"a\":-}", "]", "\u00ff", "{\"a\":tru}"})
    void afterMalformedTextItGoesOnInTheSameLine(String text) {
        feed("{}\n" + text + "  {\"b\":1}\n{\"c\":2}\n");
        assertThat(seen.get(0)).isEqualTo("{}");
        assertThat(seen.get(1)).startsWith("!2:").contains("JSON parse error, ");
        assertThat(seen).hasSize(4).endsWith("{\"b\":1}", "{\"c\":2}");
    }

    /** What follows is found again as QEMU 11.1 finds it. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {"a" 1} {"b":2}                     | !1:6, {"b":2}
                    {"a":nope,"b":[{}]} {"c":3}         | !1:6, {"c":3}
                    a b {"c":3}                         | !1:1, !1:3, {"c":3}
                    {"a":1}{,,,}{,,}{"b":2}             | {"a":1}, !1:9, !1:14, {"b":2}
                    {"a":[}]} {"b":2}                   | !1:7, !1:9, {"b":2}
                    {"a":{"b":[1,2}} {"c":2} ] {"d":3}  | !1:15, {"d":3}
                    {"a":{"b":} , "c":"}"} {"d":4}      | !1:11, {"d":4}
                    } {"a":1} ] : , {"b":2}             | !1:1, {"a":1}, !1:11, !1:13, !1:15, {"b":2}
                    {"a":1, }{"b" : }{"c":[1 , ]} 5     | !1:9, !1:17, !1:28, 5
                    [1 2]{"a":'\"]'}                    | !1:4, {"a":"\\"]"}
                    """)
    void goesOnWhereAllIsClosed(String text, String expected) {
        feed(text + "\n");
        assertThat(seen.stream().map(line -> line.replaceFirst("^(!\\d+:\\d+):.*", "$1")))
                .containsExactly(expected.split(", (?=[!{5])"));
    }

    @Test
    void aPieceMayEndWithinMalformedText() {
        for (byte b : "{\"a\":nope, \"}\\\"\", [}]} {\"b\":1}\n".getBytes(UTF_8)) {
            stream.feed(new byte[] {b}, 0, 1);
        }
        assertThat(seen).hasSize(3).endsWith("{\"b\":1}");
    }

    @Test
    void aStringEndsInItsLine() {
        feed("{\"a\":\"b\n{\"c\":2}\n");
        assertThat(seen).hasSize(2).endsWith("{\"c\":2}");
        assertThat(seen.get(0)).startsWith("!1:").contains("JSON parse error, ");
    }

    @Test
    void bytesThatAreNoUtf8AreMalformed() {
        stream.feed(new byte[] {'"', (byte) 0xff, '"', '\n', '{', '}'}, 0, 6);
        assertThat(seen).hasSize(2).endsWith("{}");
        assertThat(seen.get(0)).startsWith("!");
    }

    @Test
    void linesAreCountedThroughTheWholeConversation() {
        feed("{}\n{\n}\n{nope}\n{\n");
        assertThat(feed("x}\n"))
                .containsExactly(
                        "{}", "{}", "!4:2: JSON parse error, expecting key", "!6:1: JSON parse error, expecting key");
    }

    @Test
    void aMessageMayBeJustSoLarge() {
        String frame = "{\"a\":\"\"}";
        assertThat(feed("{\"a\":\"" + "x".repeat(JsonStream.LARGEST - frame.length()) + "\"}"))
                .hasSize(1);
        assertThat(seen.get(0)).startsWith("{\"a\":\"xxx");
    }

    @Test
    void aLargerOneIsToldOnce() {
        feed("\"" + "x".repeat(3 * JsonStream.LARGEST));
        feed("x".repeat(3 * JsonStream.LARGEST) + "\"\n{}");
        assertThat(seen).hasSize(2).endsWith("{}");
        assertThat(seen.get(0)).contains("larger than " + JsonStream.LARGEST + " bytes");
    }

    @Test
    void manyMessagesTogetherMayBeLarger() {
        String message = "{\"a\":\"" + "x".repeat(1000) + "\"}";
        assertThat(feed(message.repeat(5 * JsonStream.LARGEST / 1000))).hasSize(5 * JsonStream.LARGEST / 1000);
        assertThat(seen).doesNotContain("!").allMatch(value -> value.startsWith("{"));
    }

    @Test
    void aMessageMayHoldJustSoManyValues() {
        feed("[" + "1,".repeat(JsonStream.MOST_TOKENS - 3) + "1]\n");
        assertThat(seen).hasSize(1).allMatch(value -> value.startsWith("["));
        feed("[" + "1,".repeat(JsonStream.MOST_TOKENS - 2) + "1]\n{}");
        assertThat(seen).hasSize(3).endsWith("{}");
        assertThat(seen.get(1)).isEqualTo("!JSON parse error, more than " + JsonStream.MOST_TOKENS + " tokens");
    }

    @Test
    void valuesAreNestedJustSoDeep() {
        feed("[".repeat(JsonStream.DEEPEST) + "]".repeat(JsonStream.DEEPEST));
        assertThat(seen).hasSize(1).allMatch(value -> value.startsWith("[["));
        feed("[".repeat(JsonStream.DEEPEST + 1) + "]".repeat(JsonStream.DEEPEST + 1) + "\n{}");
        assertThat(seen).hasSize(3).endsWith("{}");
        assertThat(seen.get(1)).startsWith("!").contains("nesting");
    }

    @Test
    void numbersKeepWhatTheyHave() {
        assertThat(feed("[9223372036854775807,-1,1.50,123456789012345678901234567890]"))
                .containsExactly("[9223372036854775807,-1,1.5,123456789012345678901234567890]");
    }

    @Test
    void whatIsMissingAtTheEndOfAPieceIsAwaited() {
        IntStream.range(0, 5).forEach(i -> feed("\n"));
        assertThat(feed("{\"a\":\"\\u00")).isEmpty();
        assertThat(feed("e9\"}")).containsExactly("{\"a\":\"é\"}");
    }
}
