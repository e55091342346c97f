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
    void measuresAndWritesTheReport() throws Exception {
        assumeThat(run("fio", "--version").status()).as("fio").isZero();
        assumeThat(Path.of("/dev/fuse")).isReadable();
        assumeThat(run("/bin/sh", "-c", "PATH=$PATH:/sbin:/usr/sbin ldconfig -p")
                        .out())
                .as("libfuse 2")
                .contains("libfuse.so.2");

        Result result = runScript(
                "--servers=weir,jnr-fuse",
                "--cells=randwrite:4k:4",
                "--only=raw-memory,first-writes,sequential,garbage",
                "--pause-minutes=0.01");

        assertThat(result.err()).isEmpty();
        assertThat(result.status()).isZero();
        String report = Files.readString(directory.resolve("report.md"));
        assertThat(report)
                .containsPattern("\\| randwrite:4k:4 (\\| [1-9]\\d* ){2}(\\| - ){3}\\| \\d+\\.\\d\\d \\[.*] \\|")
                .containsPattern("\\| dd bs=1M (\\| [1-9]\\d* ){2}\\|")
                .containsPattern("\\| randread:4k:32 \\| 1 \\| [1-9]\\d* \\|")
                .contains("## qcow2, first writes", "](report/latency.svg)")
                .doesNotContain("/dev/", directory.toString(), System.getProperty("user.home"));
        assertThat(directory.resolve("report/latency.svg")).exists();
        assertNothingIsLeft();

        String figures = directory.resolve("report/figures.json").toString();
        Files.delete(directory.resolve("report.md"));
        assertThat(run(SCRIPT.toString(), "--report=" + figures, "--output=" + directory)
                        .status())
                .isZero();
        assertThat(directory.resolve("report.md")).hasContent(report);
    }

    @Test
    void goesOnWithoutASuiteThatFailsAndSaysSo() throws Exception {
        assumeThat(run("fio", "--version").status()).as("fio").isZero();
        assumeThat(Path.of("/dev/fuse")).isReadable();

        Result result = runScript(
                "--servers=weir",
                "--cells=randread:4k:1",
                "--only=raw-memory,null",
                "--disk=" + directory,
                "--size=1048576");

        assertThat(result.err()).startsWith("run.sh: raw-memory: ").contains(" MiB left of 3145728 that are needed");
        assertThat(result.out()).contains("## null-co, transport alone");
        assertThat(result.status()).isEqualTo(1);
        assertThat(directory.resolve("report.md")).content().contains("- raw-memory: FILE has ");
        assertNothingIsLeft();
    }

    @Test
    void leavesNothingBehindWhenItIsInterrupted() throws Exception {
        assumeThat(run("fio", "--version").status()).as("fio").isZero();
        assumeThat(Path.of("/dev/fuse")).isReadable();
        Process process = new ProcessBuilder(script("--servers=weir", "--only=null", "--runtime=60"))
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("out").toFile())
                .start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                .noneMatch(line -> line.contains(directory.toString()))) {
            assertThat(System.nanoTime()).as("nothing was mounted in time").isLessThan(end);
            assertThat(process.waitFor(20, TimeUnit.MILLISECONDS))
                    .as(Files.readString(directory.resolve("out")))
                    .isFalse();
        }

        process.destroy();

        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
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

    @Test
    void refusesWhatDoesNotExist() throws Exception {
        Result result = runScript("--only=raw-memory,nul");

        assertThat(result.err()).contains("no such suite: 'nul'");
        assertThat(result.status()).isEqualTo(2);
    }

    private void assertNothingIsLeft() throws IOException {
        assertThat(directory).isDirectoryNotContaining("glob:**/weir-comparison-*");
        assertThat(Files.readAllLines(Path.of("/proc/self/mounts")))
                .noneMatch(line -> line.contains(directory.toString()));
    }

    private Result runScript(String... arguments) throws IOException, InterruptedException {
        return run(script(arguments).toArray(String[]::new));
    }

    private List<String> script(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                SCRIPT.toString(),
                "--memory=" + directory,
                "--output=" + directory,
                "--rounds=1",
                "--warmup=0",
                "--ioengine=psync"));
        command.addAll(List.of(arguments));
        if (command.stream().noneMatch(word -> word.startsWith("--size"))) {
            command.addAll(List.of("--size=8", "--disk=" + directory));
        }
        return command;
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
