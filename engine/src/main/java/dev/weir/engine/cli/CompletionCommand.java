package dev.weir.engine.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weir completion}: for the start-up file of a shell. */
@Command(
        name = "completion",
        customSynopsis = "weir completion [OPTION]...",
        descriptionHeading = "%n",
        description = "Prints a completion script for bash and zsh.",
        optionListHeading = "%nOptions:%n",
        footerHeading = "%n",
        footer = {
            "bash, in ~/.bashrc:",
            "    source <(weir completion)",
            "",
            "zsh, in ~/.zshrc:",
            "    autoload -U +X compinit && compinit",
            "    autoload -U +X bashcompinit && bashcompinit",
            "    source <(weir completion)"
        })
final class CompletionCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private final HelpOption help = new HelpOption();

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    CompletionCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        CommandLine weir = spec.root().commandLine();
        console.out().print(AutoComplete.bash(weir.getCommandName(), weir));
        return 0;
    }
}
