package dev.weir.engine.qmp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.weir.engine.BlockEngine;
import dev.weir.engine.control.Control;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Conversations as QEMU has them, and what is ours. */
class QmpCommandsTest {
    private static final JsonNode ANY = TextNode.valueOf("$ANY");

    @TempDir
    Path directory;

    private final AtomicInteger quits = new AtomicInteger();
    private BlockEngine engine;
    private QmpCommands commands;

    @BeforeEach
    void start() throws IOException {
        for (String image : List.of("a", "b")) {
            Files.write(directory.resolve(image), new byte[1 << 20]);
        }
        engine = BlockEngine.builder().ioThread("main-loop").build();
        commands = new QmpCommands(new Control(engine), "1.2.3", quits::incrementAndGet);
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"monitor", "oob", "nodes", "reopen", "objects", "exports"})
    void conversationsAreThoseOfQemu(String name) throws Exception {
        try (var conversation = new Conversation(commands)) {
            conversation.next();
            String said = "";
            for (String line : lines(name)) {
                String text = line.substring(2).replace("$DIR", directory.toString());
                if (line.startsWith(">")) {
                    said = text;
                    conversation.say(text + "\n");
                } else {
                    JsonNode expected = JsonStream.MAPPER.readTree(text);
                    JsonNode answer = conversation.next();
                    if (ANY.equals(expected.get("return"))) {
                        ((ObjectNode) answer).set("return", ANY);
                    }
                    assertThat(answer).as(said).isEqualTo(expected);
                }
            }
            assertThat(conversation.unread()).isZero();
        }
    }

    private static List<String> lines(String name) throws IOException {
        try (var file = QmpCommandsTest.class.getResourceAsStream(name + ".qmp")) {
            return new String(file.readAllBytes(), UTF_8)
                    .lines()
                    .filter(line -> line.startsWith(">") || line.startsWith("<"))
                    .toList();
        }
    }

    @Test
    void theGreetingTellsTheVersion() {
        try (var conversation = new Conversation(commands)) {
            assertThat(conversation.nextText())
                    .isEqualTo("{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 1, \"major\": 11},"
                            + " \"package\": \"weir 1.2.3\"}, \"capabilities\": [\"oob\"]}}\r\n");
        }
    }

    @Test
    void queryCommandsAndTheSchemaTellWhatIsThere() {
        JsonNode listed = ask("query-commands");
        List<String> names = texts(listed, "name");
        assertThat(names).isSorted().contains("blockdev-add", "block-export-add", "quit", "qmp_capabilities");
        List<String> inSchema = StreamSupport.stream(ask("query-qmp-schema").spliterator(), false)
                .filter(entity -> entity.get("meta-type").textValue().equals("command"))
                .map(entity -> entity.get("name").textValue())
                .toList();
        assertThat(inSchema).containsExactlyElementsOf(names);
    }

    /** Of each command, member and event the type is in the schema too. */
    @Test
    void theSchemaIsWhole() {
        JsonNode schema = ask("query-qmp-schema");
        List<String> types = texts(schema, "name");
        var used = new ArrayList<String>();
        for (String key : List.of("arg-type", "ret-type", "element-type", "type")) {
            schema.findValuesAsText(key).forEach(used::add);
        }
        assertThat(types).doesNotHaveDuplicates().containsAll(used);
    }

    @Test
    void nodesAreToldWithWhatClientsLookFor() {
        try (var conversation = Conversation.negotiated(commands)) {
            conversation.say("{'execute':'blockdev-add','arguments':{'driver':'raw','node-name':'r','read-only':true,"
                    + "'file':{'driver':'null-co','node-name':'n','size':1048576}}}");
            assertThat(conversation.next().has("return")).isTrue();
        }
        JsonNode nodes = ask("query-named-block-nodes");
        assertThat(texts(nodes, "node-name")).startsWith("r", "n");
        JsonNode node = nodes.get(0);
        assertThat(node.get("drv").textValue()).isEqualTo("raw");
        assertThat(node.get("ro").booleanValue()).isTrue();
        assertThat(node.get("file").textValue())
                .isEqualTo("json:{\"driver\": \"raw\", \"file\": {\"driver\": \"null-co\", \"size\": 1048576}}");
        assertThat(node.get("image").get("virtual-size").longValue()).isEqualTo(1 << 20);
        assertThat(node.get("children").toString()).isEqualTo("[{\"node-name\":\"n\",\"child\":\"file\"}]");
    }

    @Test
    void threadsAreTold() {
        engine.addIoThread("t0", java.util.OptionalInt.of(5));
        assertThat(ask("query-iothreads").toString())
                .contains("{\"id\":\"t0\",\"poll-max-ns\":5}")
                .contains("\"main-loop\"");
    }

    @Test
    void quitIsAnswered() {
        assertThat(ask("quit").toString()).isEqualTo("{}");
        assertThat(quits).hasValue(1);
    }

    private JsonNode ask(String command) {
        try (var conversation = Conversation.negotiated(commands)) {
            return conversation.say("{'execute':'" + command + "'}").next().get("return");
        }
    }

    private static List<String> texts(JsonNode list, String key) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(entity -> entity.get(key).textValue())
                .toList();
    }
}
