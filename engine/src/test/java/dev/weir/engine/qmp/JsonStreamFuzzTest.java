package dev.weir.engine.qmp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A million mutated messages in one conversation: none throws, and nothing is kept of them. */
class JsonStreamFuzzTest {
    private static final int MESSAGES = Integer.getInteger("weir.fuzz.messages", 1_000_000);
    private static final long SEED = 20260117;

    /** Used heap is never known to the byte: what a thousandth of the messages would leave if they were kept. */
    private static final long NOISE = 8 << 20;

    private static final byte[][] SEEDS = {
        "{\"execute\":\"query-version\"}\n".getBytes(UTF_8),
        "{'execute':'blockdev-add','arguments':{'driver':'null-co','size':1e3}}\r\n".getBytes(UTF_8),
        "{\"execute\": \"x\", \"id\": [1, -2.5, null, true, \"\\u00e9\\n\"]}{}\n".getBytes(UTF_8),
        "[[[{\"a\":{\"b\":[]}}]]]\n5\n".getBytes(UTF_8),
        "{\"id\":\"k00000000\",\"k00000000\":0}\n".getBytes(UTF_8),
    };
    private static final byte[] CHARACTERS = "{}[]\"':,\\ \n0-9.eEtfnu\u00ff\u00c3".getBytes(UTF_8);

    private int values;
    private int errors;

    private final JsonStream stream = new JsonStream(new JsonStream.Sink() {
        @Override
        public void value(JsonNode value) {
            values++;
        }

        @Override
        public void malformed(String description) {
            errors++;
        }
    });

    @Test
    void aMillionMessages() throws Exception {
        var random = new Random(SEED);
        feed(random, MESSAGES / 10);
        long before = usedHeap();
        feed(random, MESSAGES - MESSAGES / 10);
        assertThat(usedHeap() - before).as("bytes that are kept").isLessThan(NOISE);
        assertThat(values).isGreaterThan(MESSAGES / 4);
        assertThat(errors).isGreaterThan(MESSAGES / 4);
        int known = values;
        feed("\n{}\n");
        feed("\n{}\n");
        assertThat(values).as("it still understands").isGreaterThan(known);
    }

    /** The parser of a conversation lives as long as it; so would the names, if it kept them. */
    @Test
    void namesThatNeverComeAgain() throws Exception {
        feed("{\"a\":1}\n");
        long before = usedHeap();
        String long20k = "x".repeat(20_000);
        for (int i = 0; i < 2000; i++) {
            feed("{\"id\":{\"" + long20k + i + "\":\"" + i + "\"}}\n");
        }
        assertThat(errors).isZero();
        assertThat(values).isEqualTo(2001);
        assertThat(usedHeap() - before).as("bytes that are kept").isLessThan(NOISE);
    }

    private void feed(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        stream.feed(bytes, 0, bytes.length);
    }

    private void feed(Random random, int messages) {
        int until = values + errors + messages;
        while (values + errors < until) {
            byte[] message = SEEDS[random.nextInt(SEEDS.length)].clone();
            if (random.nextBoolean()) {
                mutate(random, message);
            } else {
                number(random, message);
            }
            int cut = random.nextInt(message.length);
            stream.feed(message, 0, cut);
            stream.feed(message, cut, message.length);
        }
    }

    private static void mutate(Random random, byte[] message) {
        for (int left = 1 + random.nextInt(3); left > 0; left--) {
            int at = random.nextInt(message.length);
            message[at] =
                    random.nextBoolean() ? CHARACTERS[random.nextInt(CHARACTERS.length)] : (byte) random.nextInt(256);
        }
    }

    /** Names that never come again. */
    private static void number(Random random, byte[] message) {
        for (int i = 0; i + 9 < message.length; i++) {
            if (message[i] == 'k' && message[i + 1] == '0') {
                for (int digit = 1; digit < 9; digit++) {
                    message[i + digit] = (byte) ('a' + random.nextInt(26));
                }
            }
        }
    }

    private static long usedHeap() throws InterruptedException {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(20);
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }
}
