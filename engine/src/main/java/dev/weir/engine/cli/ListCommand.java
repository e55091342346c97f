package dev.weir.engine.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.cli.client.ExportReport;
import dev.weir.engine.cli.client.QmpClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code weir list}: the exports of a daemon. */
@Command(
        name = "list",
        customSynopsis = "weir list [OPTION]...",
        descriptionHeading = "%n",
        description = "Lists the exports of a daemon.",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Examples:",
            "  weir list --socket qmp.sock",
            "  weir list --socket qmp.sock --json | jq '.[].mountpoint'",
            "",
            "Exit status: 0 success; 1 failure; 2 wrong usage."
        })
final class ListCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private final SocketOptions socket = new SocketOptions();

    @Option(names = "--json", description = "Print a JSON array, with the counters of each export.")
    private boolean json;

    @Mixin
    private final HelpOption help = new HelpOption();

    ListCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        try (QmpClient daemon = socket.connect()) {
            JsonNode exports = ExportReport.query(daemon);
            if (json) {
                JsonOutput.print(exports, console);
            } else {
                console.out().print(table(exports));
            }
        }
        return 0;
    }

    private static TextTable table(JsonNode exports) {
        var table = new TextTable("lllrlr", "ID", "NODE", "MOUNTPOINT", "SIZE", "MODE", "IN FLIGHT");
        for (JsonNode json : exports) {
            ExportReport export = ExportReport.of(json);
            table.row(
                    export.id(),
                    export.nodeName(),
                    export.mountpoint(),
                    new ByteSize(export.size()),
                    export.mode(),
                    export.inFlight());
        }
        return table;
    }
}
