package dev.weir.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.OptionSpec;

/** The table of options in README.md. */
class ReadmeTest {
    @Test
    void tellsEveryOptionOfExportWithItsDefault() throws Exception {
        String readme = Files.readString(Path.of("..", "README.md"));
        String table = readme.substring(readme.indexOf("## Options of `weir export`"));
        String rows = table.substring(0, table.indexOf("\n## ", 1));
        var nowhere = new PrintStream(PrintStream.nullOutputStream());
        var export = Main.commandLine(new Console(nowhere, nowhere, new SignalStop()))
                .getSubcommands()
                .get("export")
                .getCommandSpec();

        assertThat(export.options()).isNotEmpty();
        for (OptionSpec option : export.options()) {
            if (!option.longestName().equals("--help")) {
                assertThat(rows.lines()
                                .filter(row ->
                                        row.split(" \\| ", 2)[0].matches(".*`" + option.longestName() + "[=`].*")))
                        .as(option.longestName())
                        .hasSize(1)
                        .allSatisfy(row -> assertThat(row.replace("`", ""))
                                .contains(hasDefault(option) ? "| " + option.defaultValueString() + " |" : ""));
            }
        }
    }

    private static boolean hasDefault(OptionSpec option) {
        return option.arity().max() > 0 && !option.defaultValueString().equals("null");
    }
}
