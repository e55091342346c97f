package dev.weir.engine.cli;

import dev.weir.engine.cli.client.QmpClient;
import dev.weir.engine.cli.client.QmpClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code weir stop}: the end of a daemon. */
@Command(
        name = "stop",
        customSynopsis = "weir stop [OPTION]...",
        descriptionHeading = "%n",
        description = "Ends a daemon and all its exports, and waits until its socket is gone.",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = "Exit status: 0 it has ended; 1 failure; 2 wrong usage.")
final class StopCommand implements Callable<Integer> {
    private static final long POLL_MILLIS = 10;

    @Mixin
    private final SocketOptions socket = new SocketOptions();

    @Mixin
    private final HelpOption help = new HelpOption();

    @Override
    public Integer call() throws Exception {
        Path path = socket.path();
        Object daemonsOwn = fileKey(path);
        try (QmpClient daemon = socket.connect()) {
            daemon.execute("quit");
            daemon.awaitEnd();
        }
        long deadline = System.nanoTime() + socket.timeout().toNanos();
        while (Objects.equals(fileKey(path), daemonsOwn) && daemonsOwn != null && listens(path)) {
            if (System.nanoTime() > deadline) {
                throw new QmpClientException(
                        "the daemon on '" + path + "' did not end in "
                                + socket.timeout().toSeconds() + " s",
                        null);
            }
            Thread.sleep(POLL_MILLIS);
        }
        return 0;
    }

    /** What tells the file from another that took its place. */
    private static @Nullable Object fileKey(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (IOException e) {
            return null;
        }
    }

    private boolean listens(Path path) {
        try {
            QmpClient.connect(path, socket.timeout()).close();
            return true;
        } catch (QmpClientException e) {
            return false;
        }
    }
}
