package dev.weir.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The table of options in README.md. */
class ReadmeTest {
    @Test
    void tellsEveryOptionOfExportWithItsDefault() throws Exception {
        String readme = Files.readString(Path.of("..", "README.md"));
        String table = readme.substring(readme.indexOf("## Options of `weir export`"));
        String rows = table.substring(0, table.indexOf("\n## ", 1));
        var silent = new PrintStream(PrintStream.nullOutputStream());
        CommandLine export = Main.commandLine(new Console(silent, silent, new SignalStop()))
                .getSubcommands()
                .get("export");

        assertThat(export.getCommandSpec().options()).hasSizeGreaterThan(15);
        for (OptionSpec option : export.getCommandSpec().options()) {
            String name = option.longestName();
            String standard = option.defaultValue() == null ? "" : "| " + option.defaultValue() + " |";
            if (!option.usageHelp()) {
                assertThat(rows.lines().filter(row -> row.split(" \\| ", 2)[0].matches(".*`" + name + "[=`].*")))
                        .as(name)
                        .hasSize(1)
                        .allSatisfy(row -> assertThat(row.replace("`", "")).contains(standard));
            }
        }
    }
}
