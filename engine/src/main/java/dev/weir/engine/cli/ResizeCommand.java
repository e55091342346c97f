package dev.weir.engine.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.weir.engine.cli.client.ExportReport;
import dev.weir.engine.cli.client.QmpClient;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code weir resize}: another length for the image of an export. */
@Command(
        name = "resize",
        customSynopsis = "weir resize [OPTION]... ID SIZE",
        descriptionHeading = "%n",
        description = "Changes the length of the image that an export of a daemon shows.",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "What lies behind a smaller SIZE is lost.",
            "",
            "Example:",
            "  weir resize disk 20G --socket qmp.sock",
            "",
            "Exit status: 0 success; 1 failure; 2 wrong usage."
        })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ResizeCommand implements Callable<Integer> {
    @Parameters(paramLabel = "ID", index = "0", description = "The export, as 'weir list' shows it.")
    private String id;

    @Parameters(
            paramLabel = "SIZE",
            index = "1",
            description = "A number of bytes with an optional unit: 4096, 64k, 1.5G.")
    private ByteSize size;

    @Mixin
    private final SocketOptions socket = new SocketOptions();

    @Mixin
    private final HelpOption help = new HelpOption();

    @Override
    public Integer call() throws Exception {
        try (QmpClient daemon = socket.connect()) {
            daemon.execute(
                    "block_resize",
                    JsonNodeFactory.instance
                            .objectNode()
                            .put("node-name", ExportReport.find(daemon, id).nodeName())
                            .put("size", size.bytes()));
        }
        return 0;
    }
}
