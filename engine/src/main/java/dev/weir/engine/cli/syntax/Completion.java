package dev.weir.engine.cli.syntax;

import java.util.List;

/**
 * The completion script for bash, and for zsh by way of its {@code bashcompinit}. It knows the commands, their options and
 * the values that can be listed; all else is a file name.
 */
public final class Completion {
    private Completion() {}

    public static String script(List<Syntax> commands, List<Option> global) {
        var script = new StringBuilder();
        script.append("""
                # Completion for weir. bash: source <(weir completion)
                # zsh: autoload -U +X bashcompinit && bashcompinit, then the same.
                _weir() {
                    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} options
                    # An equals sign is a word of its own.
                    if [ "$word" = = ]; then
                        word=
                    elif [ "$before" = = ]; then
                        before=${COMP_WORDS[COMP_CWORD-2]}
                    fi
                    COMPREPLY=()
                    if [ "$COMP_CWORD" -eq 1 ]; then
                """);
        script.append("        COMPREPLY=($(compgen -W '")
                .append(words(commands.stream().map(Completion::name).toList(), global))
                .append("' -- \"$word\"))\n        return\n    fi\n    case \"${COMP_WORDS[1]} $before\" in\n");
        for (Syntax command : commands) {
            for (Option option : command.options()) {
                Value value = option.value();
                if (value != null) {
                    script.append("        '")
                            .append(name(command))
                            .append(' ')
                            .append(option.dashed())
                            .append("')\n");
                    script.append("            COMPREPLY=($(compgen -W '")
                            .append(String.join(" ", value.choices()))
                            .append(
                                    "' -- \"$word\"))\n            compopt +o default 2>/dev/null\n            return ;;\n");
                }
            }
        }
        script.append("    esac\n    case ${COMP_WORDS[1]} in\n");
        for (Syntax command : commands) {
            script.append("        ")
                    .append(name(command))
                    .append(") options='")
                    .append(words(List.of(), command.options()))
                    .append("' ;;\n");
        }
        script.append("""
                    esac
                    case $word in
                        -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
                    esac
                }
                complete -o default -F _weir weir
                """);
        return script.toString();
    }

    private static String name(Syntax command) {
        return command.command().substring(command.command().lastIndexOf(' ') + 1);
    }

    private static String words(List<String> words, List<Option> options) {
        var all = new java.util.ArrayList<>(words);
        options.forEach(option -> all.add(option.dashed()));
        return String.join(" ", all);
    }
}
