package dev.weir.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.engine.cli.syntax.Option;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The table of options in README.md. */
class ReadmeTest {
    @Test
    void tellsEveryOptionOfExportWithItsDefault() throws Exception {
        String readme = Files.readString(Path.of("..", "README.md"));
        String table = readme.substring(readme.indexOf("## Options of `weir export`"));
        String rows = table.substring(0, table.indexOf("\n## ", 1));

        for (Option option : new ExportCommand().syntax().options()) {
            if (!option.name().equals("help")) {
                assertThat(rows.lines().filter(row -> row.split(" \\| ", 2)[0].matches(".*`" + option + "[=`].*")))
                        .as(option.dashed())
                        .hasSize(1)
                        .allSatisfy(row -> assertThat(row.replace("`", ""))
                                .contains(option.standard() == null ? "" : "| " + option.standard() + " |"));
            }
        }
    }
}
