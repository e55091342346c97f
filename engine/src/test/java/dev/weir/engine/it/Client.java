package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Other programs, each with a time limit, after which they are killed and the test fails. */
final class Client {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Set<Client> RUNNING = ConcurrentHashMap.newKeySet();

    private final List<String> command;
    private final Process process;
    private final Path out;
    private final Path err;

    private Client(List<String> command) {
        this.command = List.copyOf(command);
        try {
            // Files, not pipes: a child that the program leaves behind would keep a pipe open.
            out = Files.createTempFile("weir-client", ".out");
            err = Files.createTempFile("weir-client", ".err");
            // For those that nobody waits for.
            out.toFile().deleteOnExit();
            err.toFile().deleteOnExit();
            var builder = new ProcessBuilder(command)
                    .directory(out.getParent().toFile()) // some leave files where they run
                    .redirectInput(new java.io.File("/dev/null"))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().put("LC_ALL", "C.UTF-8");
            builder.environment().merge("PATH", "", (path, none) -> "/usr/sbin:/usr/bin:/sbin:/bin:" + path);
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        RUNNING.add(this);
    }

    /** How a program ended. */
    record Result(List<String> command, int exit, String out, String err) {
        /** Fails unless the program ended with 0; all it said is in the message. */
        Result ok() {
            assertThat(exit).as(this::toString).isZero();
            return this;
        }

        /** Fails unless the program ended with another status than 0 and said this on its standard error. */
        Result failed(String words) {
            assertThat(exit).as(this::toString).isNotZero();
            assertThat(err).contains(words);
            return this;
        }

        /** Standard output without the white space around it, of a program that ended with 0. */
        String text() {
            return ok().out().strip();
        }

        /** {@link #text} as a number. */
        long number() {
            return Long.parseLong(text());
        }

        @Override
        public String toString() {
            return String.join(" ", command) + "\nexit " + exit + "\n" + out + err;
        }
    }

    /** Starts a program without waiting for it; {@link #await} does. */
    static Client start(String... command) {
        return new Client(List.of(command));
    }

    static Result run(String... command) {
        return start(command).await(LIMIT);
    }

    static Result run(Duration limit, String... command) {
        return start(command).await(limit);
    }

    /** Runs a shell script; the arguments are {@code $1}, {@code $2} and so on. */
    static Result shell(String script, Object... arguments) {
        return startShell(script, arguments).await(LIMIT);
    }

    static Client startShell(String script, Object... arguments) {
        return new Client(words(List.of("sh", "-euc", script, "sh"), arguments));
    }

    /**
     * Runs a Python program for system calls that no command makes. Of the module {@code client.py} it has
     * {@code args}, {@code attempt(call)}, which gives the name of the errno or what the call returned, and the modules
     * that are of use.
     */
    static Result python(String script, Object... arguments) {
        return startPython(script, arguments).await(LIMIT);
    }

    static Client startPython(String script, Object... arguments) {
        return new Client(words(List.of("python3", "-c", resource("client.py") + script), arguments));
    }

    /** The text of a file beside the tests. */
    static String resource(String name) {
        try (var resource = Client.class.getResourceAsStream(name)) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> words(List<String> command, Object... arguments) {
        List<String> words = new ArrayList<>(command);
        for (Object argument : arguments) {
            words.add(argument.toString());
        }
        return words;
    }

    /** Whether there is such a program; looked for where {@link #run} looks. */
    static boolean exists(String program) {
        return run("sh", "-c", "command -v \"$1\"", "sh", program).exit() == 0;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** SIGKILL, to the program and all its children. */
    Client kill() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        return this;
    }

    /** Waits for the end; a program that does not end in time is killed, and the test fails. */
    Result await(Duration limit) {
        try {
            boolean ended = process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
            if (!ended) {
                kill();
                // One that waits for a server in the kernel dies only when the connection does.
                process.waitFor(1, TimeUnit.SECONDS);
            }
            var result = new Result(command, ended ? process.exitValue() : -1, read(out), read(err));
            assertThat(ended).as("ends within %s: %s", limit, result).isTrue();
            return result;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            kill();
            throw new IllegalStateException("interrupted while waiting for " + command, e);
        } finally {
            RUNNING.remove(this);
            delete(out);
            delete(err);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Kills what was started and not waited for. */
    static void killAll() {
        RUNNING.forEach(Client::kill);
        RUNNING.clear();
    }

    /** Processes that this JVM started and that live, by their ids. */
    static Map<Long, String> children() {
        var children = new java.util.TreeMap<Long, String>();
        ProcessHandle.current()
                .children()
                .filter(ProcessHandle::isAlive)
                .forEach(child ->
                        children.put(child.pid(), child.info().commandLine().orElse("?")));
        return children;
    }
}
