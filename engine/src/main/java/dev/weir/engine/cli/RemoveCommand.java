package dev.weir.engine.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.cli.client.ExportReport;
import dev.weir.engine.cli.client.QmpClient;
import dev.weir.engine.cli.client.QmpClientException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code weir remove}: ends an export, and closes the node that was made for it. */
@Command(
        name = "remove",
        customSynopsis = "weir remove [OPTION]... ID",
        descriptionHeading = "%n",
        description = "Ends an export of a daemon, and waits until it is gone.",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "A node that 'weir add' made goes with its export; others stay.",
            "",
            "Exit status: 0 it is gone, and everything written is on the image; 1 failure;",
            "2 wrong usage."
        })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class RemoveCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(paramLabel = "ID", index = "0", description = "The export, as 'weir list' shows it.")
    private String id;

    @Mixin
    private final SocketOptions socket = new SocketOptions();

    @Option(names = "--force", description = "Even while requests are in flight.")
    private boolean force;

    @Mixin
    private final HelpOption help = new HelpOption();

    RemoveCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        try (QmpClient daemon = socket.connect()) {
            // What was begun is brought to its end.
            console.stop().arm(() -> {}, Duration.ZERO);
            String nodeName = ExportReport.find(daemon, id).nodeName();
            try {
                end(daemon);
            } catch (QmpClientException e) {
                // It may be gone all the same, without its data on the image.
                if (e.refusal() && !exists(daemon)) {
                    removeNode(daemon, nodeName);
                }
                throw e;
            }
            removeNode(daemon, nodeName);
        }
        return 0;
    }

    private void end(QmpClient daemon) throws QmpClientException {
        ObjectNode arguments =
                JsonNodeFactory.instance.objectNode().put("id", id).put("mode", force ? "hard" : "safe");
        daemon.execute("block-export-del", arguments);
        daemon.awaitEvent(
                "BLOCK_EXPORT_DELETED", data -> data.path("id").asText().equals(id));
    }

    private boolean exists(QmpClient daemon) throws QmpClientException {
        return ExportReport.all(daemon).stream().anyMatch(export -> export.id().equals(id));
    }

    private static void removeNode(QmpClient daemon, String nodeName) throws QmpClientException {
        if (AddedNodes.includes(nodeName)) {
            AddedNodes.remove(daemon, nodeName);
        }
    }
}
