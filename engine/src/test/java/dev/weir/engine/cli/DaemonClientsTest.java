package dev.weir.engine.cli;

import static dev.weir.engine.cli.CommandRun.weir;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that talk to a daemon: what they ask it, and what they say. */
@Timeout(30)
class DaemonClientsTest {
    private static final String EXPORTS = "x-weir-query-exports";
    private static final String TWO = """
            {"return": [
              {"id": "disk", "node-name": "weir-add.disk", "mountpoint": "/m/disk.raw", "size": 67108864,
               "writable": true, "growable": true, "in-flight": 12, "operations": {"read": {"requests": 5}}},
              {"id": "b", "node-name": "n", "mountpoint": "/m/\\u001b.raw", "size": 512, "in-flight": 0}]}
            """;
    private static final String NO_EXPORTS = "{\"return\": []}";
    private static final String NODES = """
            {"return": [
              {"node-name": "weir-add.disk", "drv": "raw", "file": "/i/disk.raw", "ro": false,
               "cache": {"direct": true}, "detect_zeroes": "unmap", "image": {"virtual-size": 67108864},
               "children": [{"node-name": "#block0", "child": "file"}]},
              {"node-name": "#block0", "drv": "file", "file": "/i/disk.raw", "image": {"actual-size": 4096}},
              {"node-name": "n", "drv": "null-co"}]}
            """;

    @TempDir
    Path directory;

    private Path socket;
    private ScriptedDaemon daemon;

    @BeforeEach
    void start() throws Exception {
        socket = directory.resolve("qmp.sock");
        daemon = ScriptedDaemon.start(socket).on(EXPORTS, TWO).on("query-named-block-nodes", NODES);
    }

    @AfterEach
    void end() {
        daemon.close();
    }

    private CommandRun run(String... words) {
        return weir(Stream.concat(Stream.of(words), Stream.of("--socket", socket.toString()))
                .toArray(String[]::new));
    }

    private static String silent(CommandRun run) {
        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        return run.out();
    }

    private static void failed(CommandRun run, String message) {
        assertThat(run.err()).isEqualTo("weir: " + message + "\n");
        assertThat(run.out()).isEmpty();
        assertThat(run.status()).isEqualTo(1);
    }

    @Test
    void listIsATable() {
        assertThat(silent(run("list"))).isEqualTo("""
                ID    NODE           MOUNTPOINT     SIZE  MODE       IN FLIGHT
                disk  weir-add.disk  /m/disk.raw  64 MiB  growable          12
                b     n              /m/?.raw      512 B  read-only          0
                """);
    }

    @Test
    void listForProgramsIsWhatTheDaemonSays() throws Exception {
        var json = new ObjectMapper();

        assertThat(json.readTree(silent(run("list", "--json"))))
                .isEqualTo(json.readTree(TWO).path("return"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"list", "info", "stop", "top --once", "remove disk", "resize disk 1M", "add null-co:1M mnt.raw"})
    void withoutADaemonEveryCommandSaysSo(String words) {
        daemon.close();

        failed(run(words.split(" ")), "no daemon listens on '" + socket + "'");
        assertThat(Path.of("mnt.raw")).doesNotExist();
    }

    @Test
    void theSocketMustBeNamed() {
        CommandRun run = weir("list");

        assertThat(run.status()).isEqualTo(2);
        assertThat(run.err()).isEqualTo("weir: --socket is missing, and WEIR_SOCKET is not set\n");
    }

    @Test
    void aDaemonOfAnotherMakeIsToldApart() {
        daemon.on(EXPORTS, "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command is unknown\"}}");

        failed(run("list"), "the daemon is not weir's: The command is unknown");
    }

    @Test
    void aDaemonThatHangsIsGivenUp() {
        daemon.on(EXPORTS, "");

        failed(run("list", "--timeout=1"), "the daemon on '" + socket + "' did not answer in 1 s");
    }

    @Test
    void addMakesANodeAndThenTheExport() throws Exception {
        Path mountpoint = directory.resolve("new.raw");
        daemon.on(EXPORTS, NO_EXPORTS);
        daemon.on("block-export-add", arguments -> {
            daemon.on(EXPORTS, "{\"return\": [{\"id\": \"new\", \"size\": 1}]}");
            return "{\"return\": {}}";
        });

        String out = silent(run(
                "add", "disk.raw", mountpoint.toString(), "--writable", "--format=raw", "--offset=1k", "--iothread=t"));

        assertThat(out).isEqualTo("new\n");
        assertThat(mountpoint).isEmptyFile();
        String image = Path.of("disk.raw").toAbsolutePath().toString();
        assertThat(daemon.requests())
                .containsSubsequence(
                        "blockdev-add {\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"" + image
                                + "\",\"aio\":\"threads\",\"locking\":\"auto\"},\"read-only\":false,"
                                + "\"discard\":\"unmap\",\"detect-zeroes\":\"off\",\"force-share\":false,"
                                + "\"cache\":{\"direct\":false},\"offset\":1024,\"node-name\":\"weir-add.new\"}",
                        "block-export-add {\"type\":\"fuse\",\"id\":\"new\",\"node-name\":\"weir-add.new\","
                                + "\"mountpoint\":\"" + mountpoint + "\",\"writable\":true,\"growable\":false,"
                                + "\"allow-other\":\"auto\",\"writethrough\":false,\"iothread\":[\"t\"]}");
    }

    @Test
    void namesThatAreTakenAreNotMadeUpAgain() {
        daemon.refuse("block-export-add", "no");

        run("add", "memory:4k", directory.resolve("disk.raw").toString());
        run(
                "add",
                "memory:4k",
                directory.resolve("1 disk of many with a long name.raw").toString());

        assertThat(daemon.requests().stream().filter(request -> request.startsWith("block-export-add")))
                .satisfiesExactly(
                        request -> assertThat(request).contains("\"id\":\"disk-2\""),
                        request -> assertThat(request)
                                .contains("\"id\":\"export1-disk-of-many\"")
                                .contains("\"node-name\":\"weir-add.export1-disk-of-many\""));
        assertThat(AddedNodes.name("disk", java.util.Set.of("weir-add.disk"))).isEqualTo("weir-add.disk-2");
        assertThat(AddedNodes.name("x".repeat(40), java.util.Set.of())).hasSize(31);
    }

    @Test
    void anExportThatIsRefusedLeavesNothingBehind() {
        Path mountpoint = directory.resolve("new.raw");
        daemon.refuse("block-export-add", "Failed to mount");

        failed(run("add", "null-co:1M", mountpoint.toString(), "--id=x"), "Failed to mount");

        assertThat(mountpoint).doesNotExist();
        assertThat(daemon.requests()).last().isEqualTo("blockdev-del {\"node-name\":\"weir-add.x\"}");
    }

    @Test
    void withoutADirectoryForTheMountpointNothingIsBegun() {
        Path none = directory.resolve("none");

        failed(run("add", "null-co:1M", none.resolve("new.raw").toString()), "no such directory: '" + none + "'");

        assertThat(daemon.requests()).noneMatch(request -> request.startsWith("blockdev-add"));
    }

    @Test
    void addRefusesWhatMakesNoSense() {
        for (List<String> words : List.of(
                List.of("add", "memory:4k", "m", "--growable"),
                List.of("add", "memory:x", "m"),
                List.of("add", "", "m"),
                List.of("add", "memory:4k", "m", "--writable", "--writable"))) {
            assertThat(run(words.toArray(String[]::new)).status()).isEqualTo(2);
        }
        assertThat(daemon.requests()).isEmpty();
    }

    @Test
    void removeWaitsForTheEndAndTakesTheNodeThatAddMade() {
        daemon.on(
                "block-export-del",
                arguments -> "{\"return\": {}}\r\n{\"event\": \"BLOCK_EXPORT_DELETED\", \"data\": {\"id\": \"other\"}}"
                        + "{\"event\": \"BLOCK_EXPORT_DELETED\", \"data\": {\"id\": \""
                        + arguments.path("id").asText() + "\"}}");

        assertThat(silent(run("remove", "disk"))).isEmpty();
        assertThat(silent(run("remove", "b", "--force"))).isEmpty();

        assertThat(daemon.requests().stream().filter(request -> !request.startsWith(EXPORTS)))
                .containsExactly(
                        "block-export-del {\"id\":\"disk\",\"mode\":\"safe\"}",
                        "blockdev-del {\"node-name\":\"weir-add.disk\"}",
                        "block-export-del {\"id\":\"b\",\"mode\":\"hard\"}");
    }

    @Test
    void anExportThatEndsBadlyIsGoneAllTheSame() {
        daemon.on("block-export-del", arguments -> {
            daemon.on(EXPORTS, NO_EXPORTS);
            return "{\"error\": {\"class\": \"GenericError\", \"desc\": \"No space left on device\"}}";
        });

        failed(run("remove", "disk"), "No space left on device");
        assertThat(daemon.requests()).last().isEqualTo("blockdev-del {\"node-name\":\"weir-add.disk\"}");
    }

    @Test
    void anExportThatIsInUseKeepsItsNode() {
        daemon.refuse("block-export-del", "export 'disk' still in use");

        failed(run("remove", "disk"), "export 'disk' still in use");
        failed(run("remove", "none"), "Export 'none' is not found");
        assertThat(daemon.requests()).noneMatch(request -> request.startsWith("blockdev-del"));
    }

    @Test
    void resizeNamesTheNode() {
        assertThat(silent(run("resize", "disk", "1.5G"))).isEmpty();
        assertThat(daemon.requests())
                .last()
                .isEqualTo("block_resize {\"node-name\":\"weir-add.disk\",\"size\":1610612736}");
        assertThat(run("resize", "disk", "much").status()).isEqualTo(2);
    }

    @Test
    void infoTellsAnExportAndTheNodesBelowIt() {
        assertThat(silent(run("info", "disk")))
                .contains(
                        "Export disk\n", "  mode:          growable\n", "  read:          5 requests, 0 B, 0 errors\n")
                .contains(
                        "Node weir-add.disk\n",
                        "  size:          64 MiB (67108864)\n",
                        "  children:      file #block0\n")
                .contains("  cache:         direct on, no-flush off\n", "Node #block0\n")
                .doesNotContain("Node n\n", "Export b");
        assertThat(silent(run("info"))).contains("Export disk\n", "Export b\n", "Node n\n");
        failed(run("info", "none"), "Export 'none' is not found");
    }

    @Test
    void infoForProgramsHasBothArrays() throws Exception {
        var all = new ObjectMapper().readTree(silent(run("info", "disk", "--json")));

        assertThat(all.path("exports").findValuesAsText("id")).containsExactly("disk");
        assertThat(all.path("nodes")).hasSize(2);
    }

    @Test
    void stopWaitsForTheEnd() {
        daemon.on("quit", "{\"return\": {}}");
        failed(run("stop", "--timeout=1"), "the daemon on '" + socket + "' did not answer in 1 s");

        daemon.on("quit", "{\"return\": {}}\r\n{\"event\": \"E\"}" + ScriptedDaemon.END);
        assertThat(silent(run("stop"))).isEmpty();
        assertThat(socket).doesNotExist();
        assertThat(daemon.requests()).containsExactly("quit", "quit");
    }

    @Test
    void topPrintsOneIntervalWhereThereIsNoTerminal() {
        List<String> lines =
                silent(run("top", "--once", "--interval=0.1")).lines().toList();

        assertThat(lines).hasSize(4);
        assertThat(lines.get(0)).startsWith("ID ").hasSize(80);
        assertThat(lines.get(1)).startsWith("disk ");
        assertThat(lines.get(3)).startsWith("TOTAL ");
        assertThat(daemon.requests()).containsExactly(EXPORTS, EXPORTS);
        assertThat(run("top", "--interval=0").status()).isEqualTo(2);
        assertThat(run("top", "--interval=NaN").status()).isEqualTo(2);
    }
}
