package dev.weir.engine.cli;

import java.util.Locale;
import picocli.CommandLine.Option;

/** For people, or for programs. */
@SuppressWarnings("NullAway.Init") // picocli sets what has a standard value
final class OutputOption {
    enum Form {
        HUMAN,
        JSON;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(
            names = "--output",
            paramLabel = "human|json",
            defaultValue = "human",
            description = "What is printed (${DEFAULT-VALUE}).")
    private Form output;

    @Option(names = "--json", description = "As --output=json.")
    private boolean json;

    boolean json() {
        return json || output == Form.JSON;
    }
}
