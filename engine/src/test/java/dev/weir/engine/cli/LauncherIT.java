package dev.weir.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code bin/weir}, on the JVM that runs the test. */
class LauncherIT {
    private static final Path SCRIPT =
            Path.of("..", "bin", "weir").toAbsolutePath().normalize();

    @TempDir
    Path directory;

    private record Result(int status, String out, String err) {}

    @Test
    void printsTheVersionAndNothingElse() throws Exception {
        Result first = run(SCRIPT, "--version");
        Result second = run(SCRIPT, "--version");

        assertThat(first.err()).isEmpty();
        assertThat(first.out()).startsWith("weir ").hasLineCount(1);
        assertThat(first.status()).isZero();
        assertThat(second).isEqualTo(first);
    }

    @Test
    void maybeCalledThroughASymbolicLink() throws Exception {
        Path link = Files.createSymbolicLink(directory.resolve("weir"), SCRIPT);

        assertThat(run(link, "--version").out()).startsWith("weir ");
    }

    @Test
    void passesArgumentsAndTheExitStatusThrough() throws Exception {
        Result result = run(SCRIPT, "--no such option*");

        assertThat(result.status()).isEqualTo(2);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("--no such option*");
    }

    @Test
    void javaOptionsOfTheUserReachTheJvm() throws Exception {
        assertThat(run(SCRIPT, List.of("WEIR_JAVA_OPTS=-Xmx40m -XshowSettings:vm"), "--version")
                        .err())
                .contains("Max. Heap Size: 40.00M");
    }

    @Test
    void saysWhatToInstallWhereJavaIsMissing() throws Exception {
        Result result = run(SCRIPT, List.of("JAVA_HOME=" + directory), "--version");

        assertThat(result.status()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).startsWith("weir: JAVA_HOME is ").contains("apt-get install openjdk-17-jdk-headless");
    }

    private Result run(Path program, String argument) throws IOException, InterruptedException {
        return run(program, List.of(), argument);
    }

    private Result run(Path program, List<String> variables, String argument) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("env", "-i", "PATH=/usr/bin:/bin"));
        command.add("JAVA_HOME=" + System.getProperty("java.home"));
        command.addAll(variables);
        command.addAll(List.of(program.toString(), argument));
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        return new Result(process.waitFor(), Files.readString(out), Files.readString(err));
    }
}
