package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@code weir export} says, and to whom. */
@MountRequired(programs = {"script", "cmp"})
class CommandLineIT {
    private static final Path SCRIPT =
            Path.of("..", "bin", "weir").toAbsolutePath().normalize();

    @TempDir
    Path directory;

    private Path image;
    private Path mountpoint;

    @BeforeEach
    void createImage() {
        image = directory.resolve("disk.raw");
        mountpoint = directory.resolve("mnt.raw");
        Client.run("truncate", "-s", "1536K", image.toString()).ok();
    }

    @Test
    void filesOfAnyNameAreFoundInAnyLocale() throws Exception {
        Path named = Files.move(image, directory.resolve("gr\u00f6\u00dfe \u56fe.raw"));
        Path shown = directory.resolve("\u00e4.raw");
        try (var export =
                ExportProcess.of(named, shown).prefix("env", "LC_ALL=C").start()) {
            Client.run("cmp", named.toString(), shown.toString()).ok();
        }
    }

    @Test
    void aTerminalIsToldOnceWhatIsExported() throws Exception {
        Path typescript = directory.resolve("typescript");
        String command = "JAVA_HOME=" + System.getProperty("java.home") + " " + SCRIPT + " export " + image + " "
                + mountpoint + " --writable";
        FuseMounts.watch(mountpoint);
        Client terminal =
                Client.start("script", "--quiet", "--return", "--flush", "--command", command, typescript.toString());
        try {
            while (!FuseMounts.isMounted(mountpoint)) {
                assertThat(terminal.isAlive()).isTrue();
                Thread.sleep(20);
            }
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            // The kernel answers before the command has printed its line.
            while (!Files.readString(typescript).contains("\n")) {
                Thread.sleep(20);
            }
            Client.run("umount", mountpoint.toString()).ok();
            terminal.await(java.time.Duration.ofSeconds(30)).ok();
        } finally {
            terminal.kill();
        }
        assertThat(Files.readString(typescript).lines().filter(line -> !line.isBlank() && !line.startsWith("Script ")))
                .containsExactly(image + " -> " + mountpoint + " (raw, 1.5 MiB, writable)");
    }

    /** Every JDK that is installed where distributions install them, and the one of this test. */
    static List<Path> jdks() throws IOException {
        List<Path> jdks = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"))));
        Path all = Path.of("/usr/lib/jvm");
        if (Files.isDirectory(all)) {
            try (Stream<Path> homes = Files.list(all)) {
                homes.filter(home -> !Files.isSymbolicLink(home) && version(home) >= 17)
                        .filter(home -> !jdks.contains(home))
                        .sorted()
                        .forEach(jdks::add);
            }
        }
        return jdks;
    }

    private static int version(Path home) {
        var release = new Properties();
        try (var in = Files.newBufferedReader(home.resolve("release"))) {
            release.load(in);
        } catch (IOException e) {
            return 0;
        }
        String version = release.getProperty("JAVA_VERSION", "").replace("\"", "");
        return Files.isExecutable(home.resolve("bin/java")) && !version.isEmpty()
                ? Integer.parseInt(version.replaceAll("\\D.*", ""))
                : 0;
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void anybodyElseIsToldNothingWhateverTheJdk(Path jdk) {
        for (String options : List.of("--read-only", "--writable --cache-direct --iothreads=2")) {
            try (var export = ExportProcess.of(image, mountpoint, options.split(" "))
                    .prefix("env", "JAVA_HOME=" + jdk)
                    .start()) {
                Client.run("cmp", image.toString(), mountpoint.toString()).ok();
                assertThat(export.stop()).isZero();
                assertThat(export.stdout()).isEmpty();
                assertThat(export.stderr()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("jdks")
    void aRefusalIsOneLineWhateverTheJdk(Path jdk) {
        Client.Result result = Client.run(
                "env", "JAVA_HOME=" + jdk, SCRIPT.toString(), "export", image + ".none", mountpoint.toString());

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).isEqualTo("weir: Could not open '" + image + ".none': No such file or directory\n");
        assertThat(mountpoint).doesNotExist();
    }

    @Test
    void whoWantsToKnowIsToldWhatHappens() {
        try (var export = ExportProcess.start(image, mountpoint, "-v")) {
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            assertThat(export.stop()).isZero();
            assertThat(export.stdout()).isEmpty();
            assertThat(export.stderr().lines())
                    .anySatisfy(line -> assertThat(line).startsWith("INFO ").contains(mountpoint + " is mounted"))
                    .anySatisfy(line -> assertThat(line).startsWith("INFO ").contains(mountpoint + " is gone"))
                    .allSatisfy(line -> assertThat(line).startsWith("INFO "));
        }
    }

    @Test
    void bytesThatCompleteAnotherFormatsMagicOneByOneAreRefused() {
        String writes = "for byte in Q F I; do printf $byte; done | dd of=$1 bs=1 conv=notrunc status=none;"
                + " printf '\\373' | dd of=$1 bs=1 seek=3 conv=notrunc status=none";
        try (var export = ExportProcess.start(image, mountpoint, "--writable")) {
            Client.shell(writes, mountpoint).failed("Operation not permitted");
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
            // All else may be written.
            Client.shell("printf '\\372' | dd of=$1 bs=1 seek=3 conv=notrunc status=none", mountpoint)
                    .ok();
            assertThat(export.stop()).isZero();
        }
        try (var export = ExportProcess.start(image, mountpoint, "--writable", "--format=raw")) {
            Client.shell(writes, mountpoint).ok();
        }
        assertThat(image).isRegularFile();
    }
}
