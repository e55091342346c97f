package dev.weir.engine.qmp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.weir.engine.BlockEngine;
import dev.weir.engine.control.Control;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.image.ImageCreation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
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

    private final CompletableFuture<Void> quit = new CompletableFuture<>();
    private BlockEngine engine;
    private QmpCommands commands;

    @BeforeEach
    void start() throws IOException {
        for (String image : List.of("a", "b")) {
            Files.write(directory.resolve(image), new byte[1 << 20]);
        }
        engine = BlockEngine.builder().ioThread("main-loop").build();
        for (String image : List.of("p", "q", "r", "t")) {
            createQcow2(Files.createFile(directory.resolve(image)));
        }
        commands = new QmpCommands(new Control(engine), "1.2.3", () -> quit.complete(null));
    }

    private void createQcow2(Path image) {
        var graph = BlockGraph.builder().build();
        try {
            BlockBackend file = graph.add(NodeOptions.driver("file")
                            .set("filename", image.toString())
                            .build())
                    .flatMap(node -> graph.attach(node, Permissions.WRITE))
                    .block();
            var creation = new ImageCreation(1 << 20, null, null, null, PreallocMode.OFF, Map.of());
            graph.imageFormat("qcow2")
                    .orElseThrow()
                    .create(file, null, creation)
                    .block();
        } finally {
            graph.close().block();
        }
    }

    @AfterEach
    void stop() {
        engine.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "monitor",
                "oob",
                "nodes",
                "reopen",
                "snapshot",
                "objects",
                "iothread",
                "exports",
                "types",
                "order",
                "malformed"
            })
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
        List<String> unused = StreamSupport.stream(schema.spliterator(), false)
                .filter(entity -> !List.of("command", "event", "builtin")
                        .contains(entity.get("meta-type").textValue()))
                .map(entity -> entity.get("name").textValue())
                .filter(name -> !used.contains(name))
                .toList();
        assertThat(unused).isEmpty();
    }

    /** As a client such as libvirt walks through it: from a command to a member of a variant. */
    @Test
    void theSchemaTellsTheOptionsOfEachDriverExportAndObject() {
        JsonNode schema = ask("query-qmp-schema");
        JsonNode node = argument(schema, "blockdev-add");
        assertThat(node.get("tag").textValue()).isEqualTo("driver");
        assertThat(member(schema, node, "driver").findValuesAsText("name")).contains("file", "null-co", "raw");
        assertThat(texts(node.get("members"), "name"))
                .contains("node-name", "read-only", "cache", "detect-zeroes")
                .doesNotContain("file", "size");
        assertThat(texts(member(schema, node, "cache").get("members"), "name")).containsExactly("direct", "no-flush");
        JsonNode raw = variant(schema, node, "raw");
        assertThat(texts(raw.get("members"), "name")).containsExactly("file", "offset", "size", "probed");
        assertThat(raw.get("members").get(0).has("default")).isFalse();
        assertThat(raw.get("members").get(1).get("default").isNull()).isTrue();
        JsonNode child = member(schema, raw, "file");
        assertThat(child.get("meta-type").textValue()).isEqualTo("alternate");
        assertThat(texts(child.get("members"), "type"))
                .containsExactly(node.get("name").textValue(), "str");
        JsonNode locking = member(schema, variant(schema, node, "file"), "locking");
        assertThat(locking.get("values").toString()).isEqualTo("[\"auto\",\"on\",\"off\"]");

        JsonNode export = argument(schema, "block-export-add");
        assertThat(export.get("tag").textValue()).isEqualTo("type");
        assertThat(texts(export.get("members"), "name")).contains("id", "node-name", "iothread", "writable");
        assertThat(texts(member(schema, export, "iothread").get("members"), "type"))
                .containsExactly("str", "[str]");
        assertThat(texts(variant(schema, export, "fuse").get("members"), "name"))
                .contains("mountpoint", "growable", "allow-other");

        JsonNode object = argument(schema, "object-add");
        assertThat(object.get("tag").textValue()).isEqualTo("qom-type");
        assertThat(texts(variant(schema, object, "iothread").get("members"), "name"))
                .contains("poll-max-ns");
        JsonNode limits = member(schema, variant(schema, object, "throttle-group"), "limits");
        assertThat(texts(limits.get("members"), "name")).hasSize(19).contains("iops-total", "bps-read-max-length");
    }

    private static JsonNode named(JsonNode list, String key, String value) {
        return StreamSupport.stream(list.spliterator(), false)
                .filter(entity -> value.equals(entity.path(key).textValue()))
                .findFirst()
                .orElseThrow();
    }

    private static JsonNode argument(JsonNode schema, String command) {
        return named(
                schema, "name", named(schema, "name", command).get("arg-type").textValue());
    }

    private static JsonNode variant(JsonNode schema, JsonNode object, String value) {
        JsonNode found = named(object.get("variants"), "case", value);
        return named(schema, "name", found.get("type").textValue());
    }

    private static JsonNode member(JsonNode schema, JsonNode object, String name) {
        JsonNode found = named(object.get("members"), "name", name);
        return named(schema, "name", found.get("type").textValue());
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
    void statisticsTellWhatIsKnownOfANode() {
        var node = engine.addNode(dev.weir.storage.NodeOptions.parse("memory,node-name=m,size=64k"))
                .block();
        var buffer = java.nio.ByteBuffer.allocateDirect(512);
        node.write(1024, buffer, dev.weir.storage.WriteFlag.NONE).block();
        try (var conversation = Conversation.negotiated(commands)) {
            conversation.say("{'execute':'query-blockstats','arguments':{'query-nodes':true}}");
            JsonNode stats = conversation.next().get("return").get(0).get("stats");
            assertThat(stats.get("wr_highest_offset").longValue()).isEqualTo(1536);
            assertThat(stats.get("wr_bytes").longValue()).isEqualTo(512);
            // The members of QEMU 11.1.
            assertThat(stats.size()).isEqualTo(32);
        }
    }

    @Test
    void aThreadThatRunsPollsForAsLongAsItIsTold() {
        try (var conversation = Conversation.negotiated(commands)) {
            conversation.say("{'execute':'object-add','arguments':{'qom-type':'iothread','id':'t'}}");
            conversation.next();
            conversation.say("{'execute':'qom-set','arguments':{'path':'t','property':'poll-max-ns','value':12345}}");
            conversation.next();
        }
        assertThat(ask("query-iothreads").toString()).contains("{\"id\":\"t\",\"poll-max-ns\":12345}");
    }

    @Test
    void quitIsAnsweredWhenTheEngineIsShutDown() {
        try (var conversation = Conversation.negotiated(commands)) {
            assertThat(conversation
                            .say("{'execute':'quit','arguments':{'a':1}}")
                            .next()
                            .has("error"))
                    .isTrue();
            assertThat(conversation.say("{'execute':'quit'}").nextText()).isEqualTo("{\"return\": {}}\r\n");
        }
        assertThatThrownBy(() -> engine.addIoThread("t", java.util.OptionalInt.empty()))
                .isInstanceOf(Exception.class);
        assertThat(quit).succeedsWithin(Duration.ofSeconds(10));
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
