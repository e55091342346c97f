package dev.weir.engine.cli;

import dev.weir.engine.cli.client.QmpClient;
import dev.weir.engine.cli.client.QmpClientException;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Which daemon a command talks to. */
@SuppressWarnings("NullAway.Init") // picocli sets what has a standard value
final class SocketOptions {
    private static final String VARIABLE = "WEIR_SOCKET";

    @Option(
            names = "--socket",
            paramLabel = "PATH",
            description = "The control socket of the daemon: that of a --chardev with a --monitor. Without it, what the"
                    + " environment variable " + VARIABLE + " names.")
    private @Nullable Path socket;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "60",
            description = "How long to wait for each answer (${DEFAULT-VALUE}).")
    private int timeout;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    /** @throws ParameterException where nobody named one */
    Path path() {
        Path given = socket;
        String named = given == null ? System.getenv(VARIABLE) : given.toString();
        if (named == null || named.isEmpty()) {
            throw usage("--socket is missing, and " + VARIABLE + " is not set");
        }
        return Path.of(named);
    }

    Duration timeout() {
        if (timeout < 1) {
            throw usage("Invalid value for option '--timeout': " + timeout + " is not positive");
        }
        return Duration.ofSeconds(timeout);
    }

    QmpClient connect() throws QmpClientException {
        return QmpClient.connect(path(), timeout());
    }

    private ParameterException usage(String message) {
        return new ParameterException(command.commandLine(), message);
    }
}
