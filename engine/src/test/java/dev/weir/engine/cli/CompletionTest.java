package dev.weir.engine.cli;

import static dev.weir.engine.cli.CommandRun.weir;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The completion script, in a bash that sources it. */
class CompletionTest {
    private static final Path BASH = Path.of("/bin/bash");

    /** The last word is the one to be completed. Options of completion itself cannot be set outside of one. */
    private static final String COMPLETE = """
            source "$1" || exit 1
            complete -p weir >/dev/null || exit 1
            shift
            compopt() { :; }
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            _complete_weir
            printf '%s\\n' "${COMPREPLY[@]}"
            """;

    @TempDir
    Path directory;

    private Path script;

    @BeforeEach
    void writeScript() throws Exception {
        assumeTrue(Files.isExecutable(BASH), "there is no bash here");
        CommandRun run = weir("completion");
        assertThat(run.status()).isZero();
        script = Files.writeString(directory.resolve("weir"), run.out());
    }

    @Test
    void commandsAndWhatStandsInPlaceOfOne() throws Exception {
        assertThat(completions("weir", ""))
                .containsExactlyInAnyOrder(
                        "export",
                        "daemon",
                        "list",
                        "add",
                        "remove",
                        "resize",
                        "info",
                        "top",
                        "stop",
                        "image",
                        "completion",
                        "manual");
        assertThat(completions("weir", "-")).containsExactlyInAnyOrder("-h", "--help", "-V", "--version");
        assertThat(completions("weir", "ex")).containsExactly("export");
    }

    @Test
    void optionsOfTheCommand() throws Exception {
        assertThat(completions("weir", "export", "--w")).containsExactlyInAnyOrder("--writable", "--writethrough");
        assertThat(completions("weir", "remove", "--"))
                .containsExactlyInAnyOrder("--socket", "--timeout", "--force", "--help");
        assertThat(completions("weir", "image", "c")).containsExactlyInAnyOrder("create", "convert", "check");
        assertThat(completions("weir", "image", "resize", "--s")).containsExactly("--shrink");
        assertThat(completions("weir", "completion", "-")).containsExactlyInAnyOrder("-h", "--help");
    }

    @Test
    void valuesOfAnOption() throws Exception {
        assertThat(completions("weir", "export", "--detect-zeroes", "")).containsExactly("off", "on", "unmap");
        assertThat(completions("weir", "export", "--detect-zeroes", "u")).containsExactly("unmap");
        assertThat(completions("weir", "export", "--offset", "1")).containsExactly("");
    }

    @Test
    void fileNamesForTheImageAndTheMountpoint() throws Exception {
        Files.createFile(directory.resolve("disk.raw"));

        assertThat(completions("weir", "export", "d")).containsExactly("disk.raw");
        assertThat(completions("weir", "export", "--writable", "disk.raw", "d")).containsExactly("disk.raw");
        assertThat(completions("weir", "add", "d")).containsExactly("disk.raw");
        assertThat(completions("weir", "list", "--socket", "d")).containsExactly("disk.raw");
    }

    private List<String> completions(String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(BASH.toString(), "-c", COMPLETE, "bash", script.toString()));
        command.addAll(List.of(words));
        Path out = directory.resolve("out");
        Process bash = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        assertThat(bash.waitFor()).isZero();
        return Files.readString(out, UTF_8).lines().toList();
    }
}
