package dev.weir.engine.cli;

import java.util.List;
import java.util.Objects;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Wrong usage of the daemon, in the words of getopt and QEMU. */
final class DaemonErrors {
    private DaemonErrors() {}

    static String usage(ParameterException failure) {
        if (failure instanceof UnmatchedArgumentException unmatched) {
            List<String> words = unmatched.getUnmatched();
            String first = words.isEmpty() ? "" : words.get(0);
            return first.startsWith("-") ? "unrecognized option '" + first + "'" : first + ": Unexpected argument";
        }
        if (failure instanceof MissingParameterException missing
                && !missing.getMissing().isEmpty()
                && missing.getMissing().get(0) instanceof OptionSpec option) {
            return "option '" + option.longestName() + "' requires an argument";
        }
        return Objects.requireNonNullElse(failure.getMessage(), "wrong usage");
    }
}
