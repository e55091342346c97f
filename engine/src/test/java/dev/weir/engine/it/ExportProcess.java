package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.engine.cli.Main;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code weir export} in a JVM of its own. {@link #close} leaves neither process nor mount behind, whatever happened, and
 * fails if the export did not end as it should.
 */
final class ExportProcess implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(30);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(30);
    private static final Path SCRIPT =
            Path.of("..", "bin", "weir").toAbsolutePath().normalize();

    private final Path mountpoint;
    private final Process process;
    private final Path out;
    private final Path err;
    private boolean ended;

    private ExportProcess(List<String> command, List<String> javaOptions, Path mountpoint) {
        this.mountpoint = mountpoint;
        FuseMounts.watch(mountpoint);
        try {
            out = Files.createTempFile("weir-export", ".out");
            err = Files.createTempFile("weir-export", ".err");
            // For those that nobody waits for.
            out.toFile().deleteOnExit();
            err.toFile().deleteOnExit();
            var builder = new ProcessBuilder(command)
                    .redirectInput(new java.io.File("/dev/null"))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
            builder.environment().put("WEIR_JAVA_OPTS", "-ea " + String.join(" ", javaOptions));
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What to start and how. */
    static final class Builder {
        private final Path mountpoint;
        private final List<String> prefix = new ArrayList<>();
        private final List<String> javaOptions = new ArrayList<>();
        private final List<String> arguments = new ArrayList<>();
        private boolean testDrivers;

        private Builder(Object image, Path mountpoint, String... options) {
            this.mountpoint = mountpoint;
            arguments.addAll(List.of("export", image.toString(), mountpoint.toString()));
            arguments.addAll(Arrays.asList(options));
        }

        /** Words before the command, {@code setpriv --reuid ...} for instance. */
        Builder prefix(String... words) {
            prefix.addAll(Arrays.asList(words));
            return this;
        }

        Builder javaOptions(String... options) {
            javaOptions.addAll(Arrays.asList(options));
            return this;
        }

        /** With the drivers of the tests, see {@link StuckDriver}. */
        Builder testDrivers() {
            testDrivers = true;
            return this;
        }

        /** Starts it and waits for its mount. */
        ExportProcess start() {
            ExportProcess export = launch();
            try {
                return export.awaitMount();
            } catch (Throwable e) {
                export.discard();
                throw e;
            }
        }

        /** Starts it and waits for nothing. */
        ExportProcess launch() {
            List<String> command = new ArrayList<>(prefix);
            command.addAll(program());
            command.addAll(arguments);
            return new ExportProcess(command, javaOptions, mountpoint);
        }

        /** Runs it to its end, which has to come soon: for exports that are refused. Mounts are left alone. */
        Client.Result run() {
            List<String> command = new ArrayList<>(List.of("env", "JAVA_HOME=" + System.getProperty("java.home")));
            command.addAll(prefix);
            command.addAll(program());
            command.addAll(arguments);
            return Client.run(command.toArray(String[]::new));
        }

        /** The script where the jar that it runs is what is tested; else, in an IDE, the classes. */
        private List<String> program() {
            if (testDrivers) {
                return classes();
            }
            try {
                Path code = Path.of(Main.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI());
                if (Files.isRegularFile(code)) {
                    return List.of(SCRIPT.toString());
                }
            } catch (URISyntaxException e) {
                throw new IllegalStateException(e);
            }
            return classes();
        }

        private List<String> classes() {
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.add("-ea");
            // What keeps this JDK silent about native code.
            ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                    .filter(argument -> argument.startsWith("--"))
                    .forEach(command::add);
            command.addAll(javaOptions);
            command.add("-cp");
            command.add(System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
            command.add(Main.class.getName());
            return command;
        }
    }

    /** {@code image} is a path or what the command line takes in its place, such as {@code memory:64M}. */
    static Builder of(Object image, Path mountpoint, String... options) {
        return new Builder(image, mountpoint, options);
    }

    /** Starts an export and waits for its mount. */
    static ExportProcess start(Object image, Path mountpoint, String... options) {
        return of(image, mountpoint, options).start();
    }

    /** Waits until the kernel lists the mount; the first request may then still wait for the handshake. */
    ExportProcess awaitMount() {
        long deadline = System.nanoTime() + START_LIMIT.toNanos();
        while (!FuseMounts.isMounted(mountpoint)) {
            assertThat(process.isAlive())
                    .as("the export ended before it was mounted: %s", stderr())
                    .isTrue();
            assertThat(System.nanoTime()).as("mounted within %s", START_LIMIT).isLessThan(deadline);
            pause();
        }
        return this;
    }

    private static void pause() {
        try {
            Thread.sleep(10);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    Path mountpoint() {
        return mountpoint;
    }

    long pid() {
        return process.pid();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    String stdout() {
        return read(out);
    }

    String stderr() {
        return read(err);
    }

    /** SIGTERM, and the exit status. */
    int stop() {
        process.destroy();
        return awaitExit();
    }

    /** SIGKILL, and the exit status. The mount stays, dead. */
    int kill() {
        process.destroyForcibly();
        return awaitExit();
    }

    /** Waits until it has ended by itself; it says nothing then, and its exit status is 0. */
    void awaitGoodEnd() {
        int status = awaitExit();
        assertThat(stderr())
                .as("what the export said; its exit status is %s", status)
                .isEmpty();
        assertThat(status).isZero();
    }

    /** Waits until it has ended by itself, or by what the test did to it; the exit status. */
    int awaitExit() {
        return awaitExit(STOP_LIMIT);
    }

    int awaitExit(Duration limit) {
        ended = true;
        try {
            assertThat(process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS))
                    .as("the export ends within %s: %s", limit, stderr())
                    .isTrue();
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /**
     * Ends the export, if the test did not, and takes away what is left. Fails if an export that the test did not end
     * does not end well: status 0, nothing said, nothing left.
     */
    @Override
    public void close() {
        try {
            if (!ended) {
                int status = stop();
                assertThat(stderr()).as("standard error of the export").isEmpty();
                assertThat(status).as("exit status of the export").isZero();
                assertThat(FuseMounts.isMounted(mountpoint))
                        .as("%s is still mounted", mountpoint)
                        .isFalse();
            }
        } finally {
            discard();
        }
    }

    private void discard() {
        ended = true;
        process.destroyForcibly();
        List<FuseMounts.Mount> left = FuseMounts.all().stream()
                .filter(mount -> mount.mountpoint().equals(mountpoint))
                .toList();
        FuseMounts.remove(left);
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

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return "(" + e + ")";
        }
    }
}
