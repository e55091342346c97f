package dev.weir.engine.cli;

import dev.weir.engine.cli.syntax.Arguments;
import dev.weir.engine.cli.syntax.Completion;
import dev.weir.engine.cli.syntax.Syntax;
import java.util.List;

/** {@code weir completion}: for the start-up file of a shell. */
final class CompletionCommand implements Command {
    @Override
    public Syntax syntax() {
        return new Syntax(
                "weir completion",
                "Prints a completion script for bash and zsh.",
                List.of(),
                List.of(new Syntax.Section("Options", List.of(Syntax.HELP))),
                List.of(
                        "bash, in ~/.bashrc:\n    source <(weir completion)",
                        "zsh, in ~/.zshrc:\n    autoload -U +X compinit && compinit\n"
                                + "    autoload -U +X bashcompinit && bashcompinit\n    source <(weir completion)"));
    }

    @Override
    public int run(Arguments arguments, Console console) {
        console.out()
                .print(Completion.script(
                        Main.visibleCommands().stream().map(Command::syntax).toList(), Main.OPTIONS));
        return 0;
    }
}
