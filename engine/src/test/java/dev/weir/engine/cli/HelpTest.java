package dev.weir.engine.cli;

import static dev.weir.engine.cli.CommandRun.weir;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class HelpTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "--help",
                "export --help",
                "export -h disk.raw",
                "completion --help",
                "list --help",
                "add --help",
                "remove --help",
                "resize --help",
                "info --help",
                "top --help",
                "stop --help",
                "image --help",
                "image create --help",
                "image info --help",
                "image map --help",
                "image resize --help",
                "image convert --help"
            })
    void fitsInEightyColumnsAndSaysNothingElse(String words) {
        CommandRun run = weir(words.split(" "));

        assertThat(run.status()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).startsWith("Usage: weir ");
        assertThat(run.out().lines())
                .allSatisfy(line -> assertThat(line)
                        .hasSizeLessThanOrEqualTo(80)
                        .doesNotEndWith(" ")
                        .doesNotContain("\t"));
    }

    @Test
    void withoutACommandThereIsTheListOfThem() {
        CommandRun run = weir();

        assertThat(run.status()).isZero();
        assertThat(run.out()).contains("  export ", "  completion ").doesNotContain("train");
        assertThat(run.out()).isEqualTo(weir("--help").out());
    }

    @Test
    void theHelpOfExportShowsEveryOptionWithItsStandardValueAndExamples() {
        String help = weir("export", "--help").out();
        var console = new Console(System.out, System.err, new SignalStop());
        CommandLine export = Main.commandLine(console).getSubcommands().get("export");

        for (OptionSpec option : export.getCommandSpec().options()) {
            assertThat(help).contains(option.longestName());
        }
        assertThat(help.replaceAll("\\s+", " "))
                .contains("(64M)", "(1024)", "(16)", "(auto)", "weir export disk.raw mnt.raw --writable");
    }

    @Test
    void theVersionIsOneLine() {
        assertThat(List.of(weir("--version"), weir("-V"))).allSatisfy(run -> {
            assertThat(run.status()).isZero();
            assertThat(run.err()).isEmpty();
            assertThat(run.out()).startsWith("weir ").hasLineCount(1);
        });
    }
}
