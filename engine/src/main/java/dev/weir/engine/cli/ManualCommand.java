package dev.weir.engine.cli;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weir manual}: manual pages, made of what {@code --help} is made of. */
@Command(
        name = "manual",
        customSynopsis = "weir manual [OPTION]... [COMMAND]...",
        descriptionHeading = "%n",
        description = "Prints the manual page of a command, or of weir itself, for man(1).",
        parameterListHeading = "%n",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Examples:",
            "  weir manual export | man -l -",
            "  weir manual image create | man -l -",
            "  weir manual daemon >/usr/local/share/man/man1/weir-daemon.1"
        })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ManualCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(
            paramLabel = "COMMAND",
            arity = "0..*",
            description = "A command of weir, with its own command, if any.")
    private List<String> commands = List.of();

    @Mixin
    private final HelpOption help = new HelpOption();

    @Spec
    private CommandSpec spec;

    ManualCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        CommandSpec wanted = spec.root();
        for (String command : commands) {
            CommandLine found = wanted.subcommands().get(command);
            if (found == null) {
                throw new ParameterException(
                        spec.commandLine(), "there is no command '" + String.join(" ", commands) + "'");
            }
            wanted = found.getCommandSpec();
        }
        console.out().print(ManualPage.of(wanted, Main.release()));
        return 0;
    }
}
