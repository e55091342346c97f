package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private String shown() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void tellsWhatRunsHowMuchIsDoneAndHowLongTheRestTakes() {
        var progress = new Progress(out, true);
        progress.expect(2, 30);
        progress.expect(1, 5);

        progress.step("first", 30);
        assertThat(shown()).endsWith("[1/3] first, 1:05 left");
        progress.step("second", 30);
        assertThat(shown()).endsWith("[2/3] second, 0:35 left");
    }

    @Test
    void isSilentWithoutATerminal() {
        var progress = new Progress(out, false);

        progress.step("first", 1);
        progress.clear();

        assertThat(shown()).isEmpty();
    }
}
