package dev.weir.engine.qmp;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.BlockEngine;
import dev.weir.engine.control.Control;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** One conversation, with commands that end when the test says so. */
class QmpMonitorTest {
    private static final ObjectNode EVENT = QmpCommands.JSON.objectNode().put("event", "E");

    private final List<CompletableFuture<JsonNode>> running = new CopyOnWriteArrayList<>();
    private BlockEngine engine;
    private QmpCommands commands;

    @BeforeEach
    void start() {
        engine = BlockEngine.create();
        commands = new QmpCommands(new Control(engine), "1", () -> {});
        commands.add("wait", arguments -> {
            var result = new CompletableFuture<JsonNode>();
            running.add(result);
            return Mono.fromFuture(result);
        });
        commands.add("throw", arguments -> {
            throw new IllegalStateException("thrown");
        });
        commands.add("surprise", arguments -> Mono.error(new NullPointerException("unforeseen")));
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    @Test
    void eventsComeAfterTheNegotiation() {
        try (var conversation = new Conversation(commands)) {
            conversation.next();
            assertThat(conversation.event(EVENT).unread()).isZero();
            conversation.say("{'execute':'query-version'}").next();
            assertThat(conversation.event(EVENT).unread()).isZero();
            conversation.say("{'execute':'qmp_capabilities'}").next();
            assertThat(conversation.event(EVENT).next()).isEqualTo(EVENT);
            assertThat(conversation.hangUp().event(EVENT).unread()).isZero();
        }
    }

    @Test
    void answersComeInTheOrderOfTheirCommands() {
        try (var conversation = Conversation.negotiated(commands)) {
            conversation.say(
                    "{'execute':'wait','id':1} {'execute':'bogus','id':2} nope\n{'execute':'query-block','id':3}");
            assertThat(conversation.unread()).isZero();
            assertThat(conversation.event(EVENT).next()).as("no event waits").isEqualTo(EVENT);
            running.get(0).complete(QmpCommands.JSON.numberNode(5));
            assertThat(conversation.next().toString()).isEqualTo("{\"return\":5,\"id\":1}");
            assertThat(conversation.next().get("id").intValue()).isEqualTo(2);
            assertThat(conversation.next().toString()).contains("JSON parse error");
            assertThat(conversation.next().get("id").intValue()).isEqualTo(3);
        }
    }

    @Test
    void whateverACommandThrowsIsAnAnswer() {
        try (var conversation = Conversation.negotiated(commands)) {
            assertThat(conversation.say("{'execute':'throw','id':1}").next().toString())
                    .isEqualTo("{\"id\":1,\"error\":{\"class\":\"GenericError\",\"desc\":\"thrown\"}}");
            assertThat(conversation.say("{'execute':'surprise'}").next().toString())
                    .contains("NullPointerException: unforeseen");
            assertThat(conversation.say("{'execute':'query-block'}").next().toString())
                    .isEqualTo("{\"return\":[]}");
        }
    }

    @Test
    void aClientThatFloodsIsNotReadUntilItsCommandsEnd() {
        try (var conversation = Conversation.negotiated(commands)) {
            conversation.say("{'execute':'wait'}");
            assertThat(conversation.isRead()).isTrue();
            conversation.say("{'execute':'query-block'}".repeat(8));
            assertThat(conversation.isRead()).isFalse();
            assertThat(conversation.unread()).isZero();
            running.get(0).complete(QmpCommands.JSON.nullNode());
            for (int i = 0; i < 9; i++) {
                assertThat(conversation.next().has("return")).isTrue();
            }
            assertThat(conversation.isRead()).isTrue();
        }
    }

    @Test
    void tenThousandCommandsInOnePacketAreAllAnswered() {
        try (var conversation = Conversation.negotiated(commands)) {
            conversation.say("{'execute':'query-block'}".repeat(10_000));
            for (int i = 0; i < 10_000; i++) {
                assertThat(conversation.nextText()).isEqualTo("{\"return\": []}\r\n");
            }
            assertThat(conversation.isRead()).isTrue();
        }
    }

    @Test
    void aClientThatGoesIsNotAnswered() {
        try (var conversation = Conversation.negotiated(commands)) {
            conversation
                    .say("{'execute':'wait'} {'execute':'wait'} {'execute':'wait'}")
                    .hangUp();
            assertThat(conversation.unread()).isZero();
            running.get(0).complete(QmpCommands.JSON.nullNode());
            assertThat(conversation.unread()).isZero();
            assertThat(conversation.unread()).isZero();
            assertThat(running).as("what waited is not begun").hasSize(1);
        }
    }

    @Test
    void whatIsNotAsciiIsEscaped() {
        try (var conversation = Conversation.negotiated(commands)) {
            assertThat(conversation
                            .say("{'execute':'query-block','id':'\u00e9\ud83d\ude00\\n'}")
                            .nextText())
                    .isEqualTo("{\"return\": [], \"id\": \"\\u00E9\\uD83D\\uDE00\\n\"}\r\n");
        }
    }
}
