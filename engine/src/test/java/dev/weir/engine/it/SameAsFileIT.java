package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random operations on an export and on an ordinary file of the same contents give the same results. */
@MountRequired(programs = {"cmp", "python3"})
class SameAsFileIT {
    private static final int OPERATIONS =
            Long.getLong("weir.it.operations", 250).intValue();
    private static final long SEED = Long.getLong("weir.it.seed", 20);

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "--format raw --iothreads 2",
                "--format raw --writethrough --detect-zeroes unmap",
                "--format raw --discard ignore --detect-zeroes on",
                "--format raw --cache-direct"
            })
    void aGrowableImage(String options) {
        Path image = image(700001);
        Path reference = copy(image, 0);

        compare(image, reference, "grow", "buffered", words("--writable --growable " + options));

        Client.run("cmp", image.toString(), reference.toString()).ok();
    }

    @Test
    void directInputAndOutput() {
        Path image = image(700001);
        Path reference = copy(image, 0);

        compare(image, reference, "grow", "direct", "--writable", "--growable");

        Client.run("cmp", image.toString(), reference.toString()).ok();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--format raw", "--format raw --cache-direct"})
    void anImageOfFixedSize(String options) {
        Path image = image(1000003);
        Path reference = copy(image, 0);

        compare(image, reference, "inside", "buffered", words("--writable " + options));

        Client.run("cmp", image.toString(), reference.toString()).ok();
    }

    @ParameterizedTest
    @ValueSource(strings = {"4096", "1000"})
    void anImageThatBeginsInsideAFile(String offset) {
        Path image = image(700001);
        Path reference = copy(image, Long.parseLong(offset));

        compare(image, reference, "grow", "buffered", "--format=raw", "--writable", "--growable", "--offset=" + offset);

        Client.shell("tail -c +$(($1 + 1)) $2 | cmp - $3", offset, image, reference)
                .ok();
    }

    @Test
    void anImageInMemory() {
        Path reference = directory.resolve("reference.raw");
        Client.run("truncate", "-s", "1M", reference.toString()).ok();

        compare("memory:1M", reference, "grow", "buffered", "--format=raw", "--writable", "--growable");
    }

    private Path image(int size) {
        Path image = directory.resolve("disk.raw");
        Client.shell("head -c $1 /dev/urandom >$2", size, image).ok();
        return image;
    }

    private Path copy(Path image, long offset) {
        Path reference = directory.resolve("reference.raw");
        Client.shell("tail -c +$(($1 + 1)) $2 >$3", offset, image, reference).ok();
        return reference;
    }

    private void compare(Object image, Path reference, String growing, String direct, String... options) {
        List<String> expected = operate(reference, growing, "buffered");
        try (var export = ExportProcess.start(image, directory.resolve("mnt.raw"), options)) {
            assertSame(operate(export.mountpoint(), growing, direct), expected);
            Client.run("cmp", reference.toString(), export.mountpoint().toString())
                    .ok();
        }
    }

    /** Shows what came before the first difference, not all of both. */
    private static void assertSame(List<String> results, List<String> expected) {
        for (int i = 0; i < expected.size(); i++) {
            assertThat(results.get(i))
                    .as("operation %d, after %s", i, expected.subList(Math.max(0, i - 10), i))
                    .isEqualTo(expected.get(i));
        }
    }

    private static List<String> operate(Path file, String growing, String direct) {
        return Client.startPython(Client.resource("random_operations.py"), file, SEED, growing, OPERATIONS, direct)
                .await(Duration.ofSeconds(80))
                .text()
                .lines()
                .toList();
    }

    private static String[] words(String options) {
        return options.trim().split(" +");
    }
}
