package dev.weir.storage.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weir.storage.image.ImageCheck;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** QEMU's own tools, where they are installed. */
final class QemuTools {
    private final Path dir;

    record Outcome(int exit, String output) {}

    /** What {@code qemu-img check} counts. */
    record Counts(
            long corruptions,
            long leaks,
            long checkErrors,
            long totalClusters,
            long allocatedClusters,
            long fragmentedClusters,
            long compressedClusters,
            long imageEndOffset) {
        static Counts of(ImageCheck check) {
            return new Counts(
                    check.corruptions(),
                    check.leaks(),
                    check.checkErrors(),
                    check.totalClusters(),
                    check.allocatedClusters(),
                    check.fragmentedClusters(),
                    check.compressedClusters(),
                    check.imageEndOffset());
        }
    }

    QemuTools(Path dir) {
        this.dir = dir;
    }

    static void assume() {
        for (String tool : List.of("qemu-io", "qemu-img")) {
            assumeThat(Stream.of(System.getenv("PATH").split(File.pathSeparator)))
                    .as("%s on the PATH", tool)
                    .anyMatch(entry -> Files.isExecutable(Path.of(entry, tool)));
        }
    }

    Outcome run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .directory(dir.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Outcome(process.waitFor(), output);
    }

    void works(String... command) throws IOException, InterruptedException {
        Outcome outcome = run(command);
        assertThat(outcome.exit())
                .as("%s: %s", String.join(" ", command), outcome.output())
                .isZero();
    }

    void io(Path image, String... commands) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
        for (String command : commands) {
            all.add("-c");
            all.add(command);
        }
        all.add(image.toString());
        works(all.toArray(new String[0]));
    }

    /** What it counts; where it can tell. */
    Counts check(Path image) throws IOException, InterruptedException {
        String output = run("qemu-img", "check", "-f", "qcow2", "--output=json", image.toString())
                .output();
        int start = output.startsWith("{") ? 0 : output.indexOf("\n{");
        assertThat(start).as(output).isNotNegative();
        String json = output.substring(start);
        return new Counts(
                number(json, "corruptions"),
                number(json, "leaks"),
                number(json, "check-errors"),
                number(json, "total-clusters"),
                number(json, "allocated-clusters"),
                number(json, "fragmented-clusters"),
                number(json, "compressed-clusters"),
                number(json, "image-end-offset"));
    }

    void clean(Path image) throws IOException, InterruptedException {
        works("qemu-img", "check", "-f", "qcow2", image.toString());
    }

    void same(Path one, Path other) throws IOException, InterruptedException {
        works("qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", one.toString(), other.toString());
    }

    private static long number(String json, String key) {
        Matcher matcher = Pattern.compile("\"" + key + "\": (\\d+)").matcher(json);
        return matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
    }
}
