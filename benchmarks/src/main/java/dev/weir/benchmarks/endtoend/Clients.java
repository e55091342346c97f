package dev.weir.benchmarks.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Runs programs that end, with a limit to how long they may take. */
final class Clients {
    private static final int SHOWN = 400;

    private final Set<Process> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * What a program did.
     *
     * @param text what it printed, errors too
     * @param seconds how long it ran
     */
    record Output(String text, double seconds) {}

    /** @throws ComparisonException where it fails, or does not end in time; then it is killed */
    Output run(List<String> command, int timeoutSeconds) throws IOException, InterruptedException, ComparisonException {
        String name = String.join(" ", command.subList(0, Math.min(command.size(), 4)));
        Path printed = Files.createTempFile("weir-client-", ".out");
        try {
            long start = System.nanoTime();
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(printed.toFile())
                    .start();
            running.add(process);
            boolean ended;
            try {
                if (closed) {
                    kill(process);
                }
                ended = process.waitFor(timeoutSeconds, TimeUnit.SECONDS);
            } finally {
                running.remove(process);
            }
            double seconds = (System.nanoTime() - start) / 1e9;
            if (!ended) {
                kill(process);
                throw new ComparisonException("stuck for " + timeoutSeconds + " s: " + name);
            }
            String text = Files.readString(printed);
            if (process.exitValue() != 0) {
                throw new ComparisonException(name + " fails: " + tail(text));
            }
            return new Output(text, seconds);
        } finally {
            Files.deleteIfExists(printed);
        }
    }

    /** Kills what runs, and all that is started from now on. */
    void close() {
        closed = true;
        running.forEach(Clients::kill);
    }

    boolean isClosed() {
        return closed;
    }

    private static void kill(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    private static String tail(String text) {
        String trimmed = text.strip();
        return trimmed.substring(Math.max(0, trimmed.length() - SHOWN));
    }
}
