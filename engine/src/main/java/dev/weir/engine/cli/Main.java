package dev.weir.engine.cli;

import java.io.PrintWriter;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The entry point of the {@code weir} command. */
@Command(
        name = "weir",
        description = "Shows block devices as raw image files through FUSE.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        subcommands = {ExportCommand.class, TrainCommand.class, Main.Completion.class},
        usageHelpAutoWidth = true)
public final class Main implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private final SignalStop stop = new SignalStop();

    private Main() {}

    /** Runs the command and exits with its status: 0 success, 1 failure, 2 wrong usage. */
    public static void main(String[] args) {
        ConsoleLog.configure();
        CommandLine commandLine = commandLine();
        SignalStop stop = ((Main) commandLine.getCommand()).stop;
        stop.install();
        int status = commandLine.execute(args);
        stop.ended(status);
        System.exit(status);
    }

    static CommandLine commandLine() {
        var commandLine = new CommandLine(new Main());
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setParameterExceptionHandler(Main::usageError);
        commandLine.setExecutionExceptionHandler(Main::failure);
        return commandLine;
    }

    /** What signals do. */
    SignalStop stop() {
        return stop;
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    private static int usageError(ParameterException e, String[] args) {
        CommandLine command = e.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("weir: " + e.getMessage());
        err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        return CommandLine.ExitCode.USAGE;
    }

    private static int failure(Exception e, CommandLine command, CommandLine.ParseResult parsed) {
        command.getErr().println("weir: " + (e.getMessage() == null ? e.toString() : e.getMessage()));
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** The version of the packaged jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            String version = Main.class.getPackage().getImplementationVersion();
            return new String[] {"weir " + (version == null ? "unpackaged" : version)};
        }
    }

    @Command(
            name = "completion",
            description = "Prints a completion script for bash and zsh: source <(weir completion)",
            mixinStandardHelpOptions = true)
    static final class Completion implements Runnable {
        @Spec
        @SuppressWarnings("NullAway.Init") // set by picocli
        private CommandSpec spec;

        @Override
        public void run() {
            CommandLine root = spec.root().commandLine();
            spec.commandLine().getOut().print(AutoComplete.bash(root.getCommandName(), root));
            spec.commandLine().getOut().flush();
        }
    }
}
