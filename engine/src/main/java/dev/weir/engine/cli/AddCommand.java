package dev.weir.engine.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.cli.client.ExportReport;
import dev.weir.engine.cli.client.QmpClient;
import dev.weir.engine.cli.client.QmpClientException;
import dev.weir.storage.NodeOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir add}: one more export of a daemon, and the node for it. */
@Command(
        name = "add",
        customSynopsis = "weir add [OPTION]... IMAGE MOUNTPOINT",
        descriptionHeading = "%n",
        description = "Has a daemon show IMAGE as the raw image file MOUNTPOINT, and prints the id of the new export.",
        parameterListHeading = "%n",
        optionListHeading = "%nGeneral:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Standard values stand in parentheses. SIZE is a number of bytes with an optional",
            "unit: 4096, 64k, 1.5G. 'weir remove' takes away the node too, but not a",
            "MOUNTPOINT that was created.",
            "",
            "Examples:",
            "  weir add disk.raw mnt.raw --writable --socket qmp.sock",
            "  WEIR_SOCKET=qmp.sock weir add memory:1G scratch.raw --id=scratch --writable",
            "",
            "Exit status: 0 the export is mounted; 1 failure; 2 wrong usage."
        })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class AddCommand implements Callable<Integer> {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Ids that are made up are no longer than this. */
    private static final int ID_MAX = 20;

    private final Console console;

    /** A path, for completion to offer files. */
    @Parameters(
            paramLabel = "IMAGE",
            index = "0",
            description = "A path, or memory:SIZE or null-co:SIZE for an image without a file.")
    private Path image;

    @Parameters(
            paramLabel = "MOUNTPOINT",
            index = "1",
            description = "The file to show it as. One that does not exist is created empty; IMAGE itself will do.")
    private Path mountpoint;

    @Mixin
    private final SocketOptions socket = new SocketOptions();

    @Option(
            names = "--id",
            paramLabel = "ID",
            description = "Name of the export. Without it, one is made of the name of MOUNTPOINT.")
    private @Nullable String id;

    @Option(
            names = "--iothread",
            paramLabel = "ID",
            description = "A thread of the daemon that serves the export; may be given several times. Without it, the"
                    + " daemon's main loop.")
    private List<String> ioThreads = List.of();

    @Mixin
    private final HelpOption help = new HelpOption();

    @ArgGroup(validate = false, order = 1, heading = "%nImage:%n")
    private ImageOptions imageOptions = new ImageOptions();

    @ArgGroup(validate = false, order = 2, heading = "%nExport:%n")
    private FileOptions fileOptions = new FileOptions();

    @Spec
    private CommandSpec spec;

    AddCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        check();
        boolean file = ImageOptions.isFile(image.toString());
        // The daemon has another working directory.
        String source = file ? image.toAbsolutePath().toString() : image.toString();
        ObjectNode node = json(imageOptions.node(source, spec.commandLine()));
        var created = new MountpointFile(mountpoint);
        try (QmpClient daemon = socket.connect()) {
            // What was begun is brought to its end.
            console.stop().arm(() -> {}, Duration.ZERO);
            created.recover();
            String exportId = id == null ? madeUpId(daemon) : id;
            String nodeName = AddedNodes.name(exportId, nodeNames(daemon));
            daemon.execute("blockdev-add", node.put("node-name", nodeName));
            try {
                created.create();
                daemon.execute("block-export-add", export(exportId, nodeName));
            } catch (QmpClientException e) {
                undo(daemon, nodeName, created, e);
                throw e;
            } catch (RuntimeException e) {
                AddedNodes.remove(daemon, nodeName);
                throw e;
            }
            tell(ExportReport.find(daemon, exportId));
        }
        return 0;
    }

    private void check() {
        UsageErrors.checkGivenOnce(spec);
        for (Path path : List.of(image, mountpoint)) {
            if (path.toString().isEmpty()) {
                throw new ParameterException(
                        spec.commandLine(), (path == image ? "IMAGE" : "MOUNTPOINT") + " is empty");
            }
        }
        fileOptions.check(imageOptions.writable(), spec.commandLine());
    }

    /** Of an export that did not come about; one that did not answer may come yet. */
    private static void undo(QmpClient daemon, String nodeName, MountpointFile created, QmpClientException failure)
            throws Exception {
        if (failure.refusal()) {
            try {
                AddedNodes.remove(daemon, nodeName);
            } catch (QmpClientException e) {
                failure.addSuppressed(e);
            }
            created.removeIfCreated();
        }
    }

    private String madeUpId(QmpClient daemon) throws QmpClientException {
        String name = String.valueOf(mountpoint.getFileName())
                .replaceFirst("\\.[^.]*$", "")
                .replaceAll("[^A-Za-z0-9._-]", "-");
        Set<String> taken = new HashSet<>();
        ExportReport.all(daemon).forEach(export -> taken.add(export.id()));
        return AddedNodes.unique(name.matches("[A-Za-z].*") ? name : "export" + name, taken, ID_MAX);
    }

    private static Set<String> nodeNames(QmpClient daemon) throws QmpClientException {
        Set<String> names = new HashSet<>();
        for (JsonNode node : daemon.execute("query-named-block-nodes")) {
            names.add(node.path("node-name").asText());
        }
        return names;
    }

    private ObjectNode export(String exportId, String nodeName) {
        ObjectNode export = JSON.objectNode()
                .put("type", "fuse")
                .put("id", exportId)
                .put("node-name", nodeName)
                .put("mountpoint", mountpoint.toAbsolutePath().toString())
                .put("writable", imageOptions.writable())
                .put("growable", fileOptions.growable())
                .put("allow-other", fileOptions.allowOther().toString())
                .put("writethrough", fileOptions.writethrough());
        if (fileOptions.kernelCache() != OnOffAuto.OFF) {
            export.put("kernel-cache", fileOptions.kernelCache().toString());
        }
        if (fileOptions.passthrough() != OnOffAuto.OFF) {
            export.put("passthrough", fileOptions.passthrough().toString());
        }
        if (!fileOptions.clientAffinity()) {
            export.put("client-affinity", false);
        }
        if (!ioThreads.isEmpty()) {
            ArrayNode threads = export.putArray("iothread");
            ioThreads.forEach(threads::add);
        }
        return export;
    }

    private static ObjectNode json(NodeOptions options) {
        ObjectNode json = JSON.objectNode();
        for (Map.Entry<String, Object> option : options.values().entrySet()) {
            String key = option.getKey();
            Object value = option.getValue();
            if (value instanceof NodeOptions child) {
                json.set(key, json(child));
            } else if (value instanceof Boolean flag) {
                json.put(key, flag);
            } else if (value instanceof Long number) {
                json.put(key, number);
            } else {
                json.put(key, value.toString());
            }
        }
        return json;
    }

    private void tell(ExportReport export) {
        if (Terminal.isTerminal()) {
            console.out()
                    .println(export.id() + ": " + TextTable.printable(image + " -> " + mountpoint) + " ("
                            + imageOptions.format() + ", " + new ByteSize(export.size()) + ", " + export.mode() + ")");
        } else {
            console.out().println(export.id());
        }
    }
}
