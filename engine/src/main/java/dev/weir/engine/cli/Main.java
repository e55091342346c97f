package dev.weir.engine.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weir.engine.cli.top.TopView;
import java.io.PrintWriter;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The entry point of the {@code weir} command. */
@Command(
        name = "weir",
        customSynopsis = "weir COMMAND [OPTION]...",
        descriptionHeading = "%n",
        description = "Shows block devices as raw image files through FUSE.",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        commandListHeading = "%nCommands:%n",
        footerHeading = "%n",
        footer = "'weir COMMAND --help' tells the options of a command.")
public final class Main implements Runnable {
    private static final String EXPORT = "export";
    private static final String DAEMON = "daemon";

    /** Commands of which a script may wait for the start. */
    private static final Set<String> SERVING = Set.of(EXPORT, DAEMON);

    static final int FAILURE = 1;
    static final int USAGE = 2;

    @Mixin
    private final HelpOption help = new HelpOption();

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Print the version, and do nothing.")
    boolean version;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private Main() {}

    /** Runs the command and exits with its status: 0 success, 1 failure, 2 wrong usage. */
    public static void main(String[] args) {
        var stop = new SignalStop();
        stop.install();
        int status = run(List.of(args), new Console(System.out, System.err, stop));
        stop.ended(status);
        System.exit(status);
    }

    static int run(List<String> words, Console console) {
        try {
            boolean serves = !words.isEmpty() && SERVING.contains(words.get(0));
            return commandLine(console, serves ? words.get(0) : null).execute(words.toArray(String[]::new));
        } catch (Exception | LinkageError | OutOfMemoryError e) {
            console.fail(Failures.message(e));
            return FAILURE;
        } finally {
            console.out().flush();
        }
    }

    /** With all commands. */
    static CommandLine commandLine(Console console) {
        return commandLine(console, null);
    }

    /** @param only the one command that is needed; null for all: looking at all takes a fifth of the time of a start */
    private static CommandLine commandLine(Console console, @Nullable String only) {
        var weir = new CommandLine(new Main());
        if (only == null || only.equals(EXPORT)) {
            weir.addSubcommand(new ExportCommand(console));
        }
        if (only == null || only.equals(DAEMON)) {
            var daemon = new CommandLine(new DaemonCommand(console));
            daemon.getCommandSpec().versionProvider(DaemonCommand::versionText);
            weir.addSubcommand(daemon);
        }
        if (only == null) {
            addOthers(weir, console);
        }
        weir.getCommandSpec().versionProvider(Main::version);
        // From here on, what is set is set for the subcommands too.
        return weir.registerConverter(ByteSize.class, ByteSize::parse)
                .registerConverter(OnOffAuto.class, new Words<>(OnOffAuto.class))
                .registerConverter(ImageOptions.Aio.class, new Words<>(ImageOptions.Aio.class))
                .registerConverter(ImageOptions.Discard.class, new Words<>(ImageOptions.Discard.class))
                .registerConverter(ImageOptions.DetectZeroes.class, new Words<>(ImageOptions.DetectZeroes.class))
                .registerConverter(OutputOption.Form.class, new Words<>(OutputOption.Form.class))
                .setExpandAtFiles(false)
                .setUsageHelpWidth(80)
                .setColorScheme(Help.defaultColorScheme(Help.Ansi.OFF))
                .setOut(new PrintWriter(console.out(), true, UTF_8))
                .setErr(new PrintWriter(console.err(), true, UTF_8))
                .setParameterExceptionHandler((e, words) -> {
                    if (e.getCommandLine().getCommand() instanceof DaemonCommand) {
                        console.failAs(DaemonCommand.program(), DaemonErrors.usage(e));
                        return FAILURE;
                    }
                    console.fail(UsageErrors.message(e));
                    return USAGE;
                })
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    console.fail(Failures.message(e));
                    return FAILURE;
                });
    }

    private static void addOthers(CommandLine weir, Console console) {
        var top = new CommandLine(new TopCommand(console))
                .registerConverter(TopView.Order.class, new Words<>(TopView.Order.class));
        var help = new CommandLine(new HelpCommand());
        help.getCommandSpec().usageMessage().hidden(true);
        weir.addSubcommand(new ListCommand(console))
                .addSubcommand(new AddCommand(console))
                .addSubcommand(new RemoveCommand(console))
                .addSubcommand(new ResizeCommand())
                .addSubcommand(new InfoCommand(console))
                .addSubcommand(top)
                .addSubcommand(new StopCommand())
                .addSubcommand(ImageCommand.commandLine(console))
                .addSubcommand(new CompletionCommand(console))
                .addSubcommand(new ManualCommand(console))
                .addSubcommand(new TrainCommand())
                .addSubcommand(help);
    }

    /** Without a command. */
    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    static String[] version() {
        return new String[] {"weir " + release()};
    }

    /** This program's own version. */
    static String release() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }
}
