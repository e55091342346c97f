package dev.weir.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/** {@code qemu-img}, as an oracle. Each call is a process of its own that is killed after half a minute. */
public final class QemuImg {
    private static final long DEADLINE_SECONDS = 30;

    /** What a process said, standard error included, and its exit status. */
    public record Answer(int status, String text) {}

    /** What {@code qemu-img check} found. */
    public record Check(int status, long corruptions, long leaks, String text) {
        public boolean clean() {
            return status == 0 && corruptions == 0 && leaks == 0;
        }

        /** No corruption; leaks perhaps. */
        public boolean sound() {
            return (status == 0 || status == 3) && corruptions == 0;
        }
    }

    private QemuImg() {}

    /** Skips the test where the tool is missing; fails it where {@code weir.it.required} says so. */
    public static void assumeInstalled() {
        for (String tool : List.of("qemu-img", "qemu-io")) {
            boolean there = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                    .anyMatch(entry -> Files.isExecutable(Path.of(entry, tool)));
            if (!there && Boolean.getBoolean("weir.it.required")) {
                throw new AssertionError("weir.it.required is set, but there is no " + tool + " on the PATH");
            } else if (!there) {
                throw new TestAbortedException("no " + tool + " on the PATH");
            }
        }
    }

    /** Runs {@code qemu-img} in a directory and fails where it does. Returns what it printed. */
    public static String run(Path dir, String... arguments) {
        Answer answer = call(dir, "qemu-img", arguments);
        if (answer.status() != 0) {
            throw new AssertionError("qemu-img " + String.join(" ", arguments) + ": " + answer.text());
        }
        return answer.text();
    }

    /** As {@link #run}, whatever the exit status is. */
    public static Answer call(Path dir, String tool, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(tool);
        command.addAll(List.of(arguments));
        try {
            Process process = new ProcessBuilder(command)
                    .directory(dir.toFile())
                    .redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                    .start();
            // A process that hangs is killed from here, which ends the reading.
            var killed = process.onExit().orTimeout(DEADLINE_SECONDS, TimeUnit.SECONDS);
            var guard = killed.whenComplete((ended, failure) -> {
                if (failure != null) {
                    process.destroyForcibly();
                }
            });
            String text = new String(process.getInputStream().readAllBytes(), UTF_8);
            int status = process.waitFor();
            if (guard.isCompletedExceptionally()) {
                throw new AssertionError(String.join(" ", command) + " hung: " + text);
            }
            return new Answer(status, text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** Checks a qcow2 image. */
    public static Check check(Path image) {
        Answer answer = call(
                image.toAbsolutePath().getParent(),
                "qemu-img",
                "check",
                "--output=json",
                "-f",
                "qcow2",
                image.getFileName().toString());
        return new Check(
                answer.status(),
                number(answer.text(), "corruptions") + number(answer.text(), "check-errors"),
                number(answer.text(), "leaks"),
                answer.text());
    }

    /** Of a member of a JSON object; 0 where it is missing, as in what {@code qemu-img check} prints. */
    private static long number(String json, String key) {
        int at = json.indexOf("\"" + key + "\":");
        if (at < 0) {
            return 0;
        }
        int from = at + key.length() + 3;
        while (json.charAt(from) == ' ') {
            from++;
        }
        int to = from;
        while (Character.isDigit(json.charAt(to))) {
            to++;
        }
        return Long.parseLong(json.substring(from, to));
    }
}
