package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code weir-storage-daemon} in a JVM of its own, with a control socket. {@link #close} leaves neither process nor mount
 * behind, whatever happened, and fails if the daemon did not end as it should: status 0, and nothing said.
 */
final class DaemonProcess implements AutoCloseable {
    static final Path SCRIPT =
            Path.of("..", "bin", "weir-storage-daemon").toAbsolutePath().normalize();
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Path socket;
    private final Process process;
    private final Path out;
    private final Path err;
    private boolean ended;

    private DaemonProcess(Path directory, List<String> command) {
        socket = directory.resolve("qmp.sock");
        try {
            out = Files.createTempFile("weir-daemon", ".out");
            err = Files.createTempFile("weir-daemon", ".err");
            var builder = new ProcessBuilder(command)
                    .redirectInput(new java.io.File("/dev/null"))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts it with a monitor on {@code qmp.sock} in the directory, and waits until that answers.
     *
     * @param arguments that follow
     */
    static DaemonProcess start(Path directory, String... arguments) {
        var command = new ArrayList<String>();
        command.add(SCRIPT.toString());
        command.addAll(Arrays.asList(arguments));
        command.addAll(monitor(directory));
        var daemon = new DaemonProcess(directory, command);
        try {
            daemon.connect().close();
            return daemon;
        } catch (Throwable e) {
            daemon.discard();
            throw e;
        }
    }

    /** The options for a monitor on {@code qmp.sock} in the directory. */
    static List<String> monitor(Path directory) {
        return List.of(
                "--chardev",
                "socket,id=qmp,path=" + directory.resolve("qmp.sock") + ",server=on,wait=off",
                "--monitor",
                "chardev=qmp,mode=control");
    }

    /** A new client that has negotiated. */
    QmpClient connect() {
        ProcessStatus.await("the daemon listens: " + stderr(), LIMIT, () -> Files.exists(socket) || !process.isAlive());
        assertThat(process.isAlive()).as("the daemon lives: %s", stderr()).isTrue();
        return QmpClient.connect(socket);
    }

    /** One command, of a client of its own; the result. */
    JsonNode ask(String command, Object... arguments) {
        try (var client = connect()) {
            return client.ask(command, arguments);
        }
    }

    long pid() {
        return process.pid();
    }

    Path socket() {
        return socket;
    }

    boolean isAlive() {
        return process.isAlive();
    }

    String stderr() {
        try {
            return Files.readString(err);
        } catch (IOException e) {
            return "(" + e + ")";
        }
    }

    /** Open descriptors. */
    long descriptors() {
        try (var descriptors = Files.list(Path.of("/proc", Long.toString(pid()), "fd"))) {
            return descriptors.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Threads but for those of the JVM and of the file driver's pool, which come and go. */
    long threads() {
        try (var tasks = Files.list(Path.of("/proc", Long.toString(pid()), "task"))) {
            return tasks.map(DaemonProcess::name)
                    .filter(name -> name.startsWith("weir-") && !name.startsWith("weir-file-"))
                    .count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String name(Path task) {
        try {
            return Files.readString(task.resolve("comm"));
        } catch (IOException e) {
            return "ended";
        }
    }

    /** SIGTERM, and the exit status. */
    int stop() {
        process.destroy();
        return awaitExit(LIMIT);
    }

    /** SIGKILL. */
    void kill() {
        process.destroyForcibly();
        awaitExit(LIMIT);
    }

    int awaitExit(Duration limit) {
        ended = true;
        try {
            assertThat(process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS))
                    .as("the daemon ends within %s: %s", limit, stderr())
                    .isTrue();
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        try {
            if (!ended) {
                int status = stop();
                assertThat(stderr()).as("standard error of the daemon").isEmpty();
                assertThat(status).as("exit status of the daemon").isZero();
                assertThat(socket).doesNotExist();
            }
        } finally {
            discard();
        }
    }

    private void discard() {
        ended = true;
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
            Files.deleteIfExists(out);
            Files.deleteIfExists(err);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
