package dev.weir.engine.cli.top;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The terminal of the process, giving each key as it is pressed until it is closed. */
final class Tty implements AutoCloseable {
    private static final File DEVICE = new File("/dev/tty");
    private static final int STTY_SECONDS = 5;

    private final String saved;

    private Tty(String saved) {
        this.saved = saved;
    }

    /** Null where the process has no terminal, or there is no {@code stty}. */
    static @Nullable Tty open() {
        try {
            String saved = stty("-g").strip();
            // Ctrl-C is a signal still; Ctrl-Z would leave the terminal as it is.
            stty("-icanon", "-echo", "min", "1", "time", "0", "susp", "undef");
            return new Tty(saved);
        } catch (IOException e) {
            return null;
        }
    }

    /** Hands over keys, each on a thread of its own; the last one is QUIT, should the terminal go away. */
    void listen(Consumer<Key> keys) {
        var thread = new Thread(() -> read(keys), "weir-keys");
        thread.setDaemon(true);
        thread.start();
    }

    private static void read(Consumer<Key> keys) {
        var decoder = new KeyDecoder();
        try (var in = new FileInputStream(DEVICE)) {
            for (int value = in.read(); value >= 0; value = in.read()) {
                Key key = decoder.next(value);
                if (key != null) {
                    keys.accept(key);
                }
            }
        } catch (IOException e) {
            // It is gone.
        }
        keys.accept(Key.QUIT);
    }

    private static String stty(String... words) throws IOException {
        List<String> command = new ArrayList<>(List.of("stty"));
        command.addAll(Arrays.asList(words));
        Process process = new ProcessBuilder(command)
                .redirectInput(DEVICE)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var out = process.getInputStream()) {
            String text = new String(out.readAllBytes(), US_ASCII);
            if (!process.waitFor(STTY_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException("stty failed");
            }
            return text;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        } finally {
            process.destroy();
        }
    }

    /** As it was. */
    @Override
    public void close() {
        try {
            stty(saved);
        } catch (IOException e) {
            // It is gone.
        }
    }
}
