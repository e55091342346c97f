package dev.weir.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ManualTest {
    private static final String FAILS = "there is no command 'nope'";

    @Test
    void everyCommandHasAPageWithAllItsOptions() {
        for (String command : List.of(
                "export",
                "daemon",
                "list",
                "add",
                "remove",
                "resize",
                "info",
                "top",
                "stop",
                "completion",
                "manual",
                "image",
                "image check",
                "image snapshot",
                "image create",
                "image info",
                "image map",
                "image resize",
                "image convert")) {
            String[] words = ("manual " + command).split(" ");
            String name = command.replace(" ", "-");
            CommandRun page = CommandRun.weir(words);
            assertThat(page.status()).isZero();
            assertThat(page.out())
                    .startsWith(".TH \"WEIR-" + name.toUpperCase(java.util.Locale.ROOT) + "\" 1")
                    .contains(".SH NAME\nweir\\-" + name.replace("-", "\\-") + " \\- ")
                    .contains(".B \\-h, \\-\\-help\n")
                    .doesNotContain("${DEFAULT");
        }
        assertThat(CommandRun.weir("manual", "daemon").out())
                .contains(".B \\-\\-blockdev=NODE\n")
                .contains("relative names that clients give count from there");
    }

    @Test
    void weirItselfHasAPageThatNamesItsCommands() {
        assertThat(CommandRun.weir("manual").out())
                .contains(".SH COMMANDS")
                .contains(".B export")
                .doesNotContain(".B train");
    }

    @Test
    void nothingInAPageIsTakenForARequest() {
        for (String command : List.of("export", "add", "top")) {
            assertThat(CommandRun.weir("manual", command).out().lines())
                    .filteredOn(line -> line.startsWith(".") || line.startsWith("'"))
                    .allMatch(line -> line.matches("\\.(TH|SH|TP|B|BR|PP|nf|fi)( .*)?"));
        }
    }

    @Test
    void anUnknownCommandIsRefused() {
        CommandRun page = CommandRun.weir("manual", "nope");
        assertThat(page.status()).isEqualTo(2);
        assertThat(page.err()).contains(FAILS);
        assertThat(CommandRun.weir("manual", "image", "nope").err()).contains("there is no command 'image nope'");
    }
}
