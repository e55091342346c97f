package dev.weir.engine.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;

/** The command in this JVM: how it ended and what it said. */
record CommandRun(int status, String out, String err) {
    static CommandRun weir(String... words) {
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        var console =
                new Console(new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8), new SignalStop());
        int status = Main.run(List.of(words), console);
        return new CommandRun(status, out.toString(UTF_8), err.toString(UTF_8));
    }
}
