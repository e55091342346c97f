package dev.weir.engine.cli;

import java.util.List;
import java.util.Objects;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** What a user is told about a command line that makes no sense. */
final class UsageErrors {
    private UsageErrors() {}

    /** One sentence, with what was meant where that can be guessed, or else with where to look. */
    static String message(ParameterException failure) {
        String message = Objects.requireNonNullElse(failure.getMessage(), "wrong usage");
        if (failure instanceof UnmatchedArgumentException unmatched) {
            List<String> meant = unmatched.getSuggestions();
            return meant.isEmpty()
                    ? message + "; see '"
                            + failure.getCommandLine().getCommandSpec().qualifiedName() + " --help'"
                    : message + "; did you mean '" + String.join("' or '", meant) + "'?";
        }
        return message;
    }

    /**
     * In groups, picocli lets the last one win.
     *
     * @throws ParameterException where an option that has one value was given several times
     */
    static void checkGivenOnce(CommandSpec command) {
        for (OptionSpec option : command.options()) {
            if (!option.isMultiValue() && option.originalStringValues().size() > 1) {
                throw new ParameterException(
                        command.commandLine(), "option '" + option.longestName() + "' should be specified only once");
            }
        }
    }
}
