package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The comparison as people run it, as short as it gets: that it works and leaves nothing behind, not how fast. */
class ComparisonIT {
    private static final Path SCRIPT = Path.of("run.sh").toAbsolutePath();

    @TempDir
    Path directory;

    private record Result(int status, String out, String err) {}

    @Test
    void comparesWeirWithTheJnrFuseFileSystem() throws Exception {
        assumeThat(run("fio", "--version").status()).as("fio").isZero();
        assumeThat(Path.of("/dev/fuse")).isReadable();
        assumeThat(run("/bin/sh", "-c", "PATH=$PATH:/sbin:/usr/sbin ldconfig -p")
                        .out())
                .as("libfuse 2")
                .contains("libfuse.so.2");

        Result result = runScript("--servers=weir,jnr-fuse", "--cells=randwrite:4k:4");

        assertThat(result.err()).isEmpty();
        assertThat(result.out().lines().toList())
                .hasSize(3)
                .last()
                .asString()
                .matches("\\| randwrite:4k:4 (\\| [1-9]\\d* \\([1-9]\\d*\\) ){2}\\| \\d+\\.\\d\\d \\[.*] \\|");
        assertThat(result.status()).isZero();
        assertNothingIsLeft();
    }

    @Test
    void saysWhatIsMissing() throws Exception {
        Result result = runScript("--servers=weir", "--weir=" + directory.resolve("none"));

        assertThat(result.err())
                .isEqualTo("run.sh: no launcher at " + directory.resolve("none") + "; name it with --weir"
                        + System.lineSeparator());
        assertThat(result.status()).isEqualTo(1);
        assertNothingIsLeft();
    }

    private void assertNothingIsLeft() throws IOException {
        assertThat(directory).isDirectoryNotContaining("glob:**/weir-comparison-*");
        assertThat(Files.readAllLines(Path.of("/proc/self/mounts")))
                .noneMatch(line -> line.contains(directory.toString()));
    }

    private Result runScript(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                SCRIPT.toString(),
                "--directory=" + directory,
                "--size=8",
                "--rounds=1",
                "--runtime=1",
                "--warmup=0",
                "--ioengine=psync"));
        command.addAll(List.of(arguments));
        return run(command.toArray(String[]::new));
    }

    private Result run(String... command) throws IOException, InterruptedException {
        Path out = directory.resolve("out");
        Path err = directory.resolve("err");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        if (!process.waitFor(100, TimeUnit.SECONDS)) {
            // Its servers lose their connections with their lives, and so do clients that wait for them.
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new AssertionError("stuck: " + String.join(" ", command));
        }
        return new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    }
}
