package dev.weir.engine.cli;

import dev.weir.engine.cli.client.QmpClient;
import dev.weir.engine.cli.top.LiveView;
import dev.weir.engine.cli.top.TopView;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weir top}: what the exports of a daemon do just now. */
@Command(
        name = "top",
        customSynopsis = "weir top [OPTION]...",
        descriptionHeading = "%n",
        description = "Shows what the exports of a daemon do, again and again.",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Of reads and writes in the last interval: requests and 10^6 bytes a second, their",
            "mean time in microseconds, and the time within which half of them (p50) and 99 of",
            "100 (p99) were answered. Requests in flight now. Pauses (reading stopped because",
            "the memory for requests was used up) and errors since the start of the export.",
            "",
            "Keys: arrows, page up and down, home, end; s sorts by the other column; q quits.",
            "",
            "Exit status: 0 success; 1 failure, or the daemon ended; 2 wrong usage."
        })
@SuppressWarnings("NullAway.Init") // picocli sets what has a standard value
final class TopCommand implements Callable<Integer> {
    private static final double LEAST_SECONDS = 0.1;
    private static final double MOST_SECONDS = 86_400;
    private static final double MILLIS = 1000;

    private final Console console;

    @Mixin
    private final SocketOptions socket = new SocketOptions();

    @Option(
            names = "--interval",
            paramLabel = "SECONDS",
            defaultValue = "2",
            description = "From one look to the next (${DEFAULT-VALUE}).")
    private double interval;

    @Option(
            names = "--sort",
            paramLabel = "activity|id",
            defaultValue = "activity",
            description = "The order of the exports (${DEFAULT-VALUE}).")
    private TopView.Order order;

    @Option(names = "--once", description = "Print one interval as plain text, as where there is no terminal.")
    private boolean once;

    @Mixin
    private final HelpOption help = new HelpOption();

    @Spec
    private CommandSpec spec;

    TopCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws Exception {
        if (!(interval >= LEAST_SECONDS && interval <= MOST_SECONDS)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "Invalid value for option '--interval': " + interval + " is not from 0.1 to 86400");
        }
        Duration between = Duration.ofMillis(Math.round(interval * MILLIS));
        var view = new TopView(socket.path(), order);
        try (QmpClient daemon = socket.connect()) {
            if (once || !Terminal.isTerminal() || !live(daemon, view, between)) {
                LiveView.printOnce(daemon, view, between, console.out());
            }
        }
        return 0;
    }

    private boolean live(QmpClient daemon, TopView view, Duration between) throws Exception {
        var live = new LiveView(daemon, view, between);
        console.stop().arm(live::quit, Duration.ZERO);
        return live.run(console.out(), Terminal::window);
    }
}
