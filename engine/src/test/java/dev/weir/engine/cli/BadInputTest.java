package dev.weir.engine.cli;

import static dev.weir.engine.cli.CommandRun.weir;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What fails before anything is mounted: one line that says why, and nothing has changed. */
class BadInputTest {
    @TempDir
    Path directory;

    private Path image;
    private Map<String, String> before;

    @BeforeEach
    void createFiles() throws IOException {
        image = Files.write(directory.resolve("disk.raw"), new byte[4096]);
        Files.createDirectory(directory.resolve("directory"));
        Files.createSymbolicLink(directory.resolve("dangling"), Path.of("nowhere"));
        Files.createSymbolicLink(directory.resolve("lost"), Path.of("nowhere", "file"));
        Files.createSymbolicLink(directory.resolve("loop"), Path.of("loop"));
        before = state();
    }

    @AfterEach
    void nothingHasChanged() throws IOException {
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void noSuchImage() throws IOException {
        assertFails(
                export("missing.raw", "mnt.raw"),
                "Could not open '" + at("missing.raw") + "': No such file or directory");
    }

    @Test
    void noSuchFormat() {
        assertFails(
                export("disk.raw", "mnt.raw", "--format", "vmdk"),
                "Unknown driver 'vmdk', there are file, memory, null-co, qcow2, raw");
    }

    @Test
    void anImageThatBeginsLikeAnotherFormat() throws IOException {
        weir("image", "create", "-f", "qcow2", at("disk.qcow2"), "1M");
        before = state();

        assertFails(
                export("disk.qcow2", "mnt.raw"),
                "begins like a qcow2 image; name its format: --format=qcow2 where you know that it is one");
        assertFails(export("disk.qcow2", "mnt.raw", "--overlay", at("new")), "begins like a qcow2 image");
        assertFails(export("disk.raw", "mnt.raw", "--format=qcow2"), "Image is not in qcow2 format");
        assertFails(export("disk.raw", "mnt.raw", "--overlay", at("disk.raw")), "Image is not in qcow2 format");
        assertFails(export("disk.raw", "mnt.raw", "--overlay", at("disk.qcow2")), "it names no backing file");
    }

    @Test
    void noSuchImageIsNotCreatedAsItsOwnMountpoint() {
        assertFails(export("missing.raw", "missing.raw"), "No such file or directory");
    }

    @Test
    void theImageIsADirectoryOrADevice() {
        assertFails(export("directory", "mnt.raw"), "to be a regular file or a block device, but it is a directory");
        assertFails(export("/dev/null", "mnt.raw"), "but it is a character device");
    }

    @Test
    void theImageIsAFifo() throws Exception {
        assumeTrue(new ProcessBuilder("mkfifo", at("fifo")).start().waitFor() == 0, "there is no mkfifo here");
        before = state();

        assertFails(export("fifo", "mnt.raw"), "but it is a fifo");
    }

    @Test
    void theMountpointHasNoDirectory() {
        assertFails(export("disk.raw", "nowhere/mnt.raw"), "no such directory: '" + at("nowhere") + "'");
        assertFails(export("disk.raw", "disk.raw/mnt.raw"), "not a directory: '" + at("disk.raw") + "'");
        assertFails(export("disk.raw", "lost"), "no such directory: '" + at("nowhere") + "'");
        assertFails(export("disk.raw", "loop"), "too many levels of symbolic links");
    }

    @Test
    void theMountpointIsNoRegularFile() {
        assertFails(export("disk.raw", "directory"), "'" + at("directory") + "' is not a regular file");
        assertFails(export("disk.raw", "/dev/null"), "'/dev/null' is not a regular file");
        assertFails(export("disk.raw", "/"), "'/' is not a regular file");
        assertFails(
                export("disk.raw", "dangling"), "Failed to stat '" + at("dangling") + "': No such file or directory");
    }

    @ParameterizedTest
    @CsvSource({
        "--format=raw --offset=4097, Offset (4097) cannot be greater than size of the containing file (4096)",
        "--format=raw --size=4097, The sum of offset (0) and size (4097)",
        "--format=raw --offset=1k --size=4k, The sum of offset (1024) and size (4096)",
        "--max-in-flight-bytes=7E, not enough memory for the buffers: max-in-flight-bytes may be at most",
    })
    void aWindowPastTheEndOrMoreMemoryThanThereIs(String options, String message) {
        assertFails(export("disk.raw", "mnt.raw", options.split(" ")), message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--writable --read-only|--writable and --read-only exclude each other",
                "--writable --force-share|--writable and --force-share exclude each other",
                "--growable|--growable needs --writable",
                "--passthrough auto --kernel-cache on|--passthrough=auto and --kernel-cache=on exclude each other",
                "--passthrough on --writable --writethrough|--passthrough=on and --writethrough exclude each other",
                "--passthrough yes|Invalid value for option '--passthrough': 'yes' is not one of 'auto', 'on', 'off'",
                "--overlay o --temporary|--overlay and --temporary exclude each other",
                "--temporary --read-only|--temporary and --read-only exclude each other",
                "--overlay o --force-share|--overlay and --force-share exclude each other",
                "--temporary --format raw --size 1|--temporary needs all of the image, without --offset and --size",
                "--format qcow2 --offset 0|--offset and --size need --format=raw",
                "--offset 0|--offset and --size need --format=raw",
                "--size 1|--offset and --size need --format=raw",
                "--detect-zeroes unmap --discard ignore|--detect-zeroes=unmap needs --discard=unmap",
                "--discard UNMAP|Invalid value for option '--discard': 'UNMAP' is not one of 'unmap', 'ignore'",
                "--aio native|Invalid value for option '--aio': 'native' is not one of 'threads', 'io_uring'",
                "--allow-other yes|Invalid value for option '--allow-other': 'yes' is not one of 'auto', 'on', 'off'",
                "--writeable|Unknown option: '--writeable'; did you mean '--writable' or '--writethrough'?",
            })
    void optionsThatMakeNoSense(String options, String message) {
        CommandRun run = export("disk.raw", "mnt.raw", options.split(" "));

        assertThat(run).isEqualTo(new CommandRun(2, "", "weir: " + message + System.lineSeparator()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "iothreads",
                "file-threads",
                "max-in-flight",
                "max-in-flight-bytes",
                "shutdown-timeout",
                "offset",
                "size"
            })
    void numbersThatAreNone(String option) {
        for (String value : List.of("-1", "", "x", "1.2.3", "99999999999999999999", "0x10")) {
            assertUsage(export("disk.raw", "mnt.raw", "--format=raw", "--" + option, value), "--" + option);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "iothreads, 0",
        "iothreads, 257",
        "file-threads, 0",
        "file-threads, 1025",
        "max-in-flight, 0",
        "max-in-flight, 65537",
        "max-in-flight-bytes, 0",
        "shutdown-timeout, 2147483648",
        "offset, 8E",
        "size, 16E"
    })
    void numbersOutOfTheirRange(String option, String value) {
        assertUsage(export("disk.raw", "mnt.raw", "--format=raw", "--" + option + "=" + value), "--" + option);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "memory:",
                "memory:-1",
                "memory:64X",
                "memory:8E",
                "null-co:",
                "null-co:1e9",
                "null-co:99999999999G"
            })
    void anImageWithoutAFileThatHasNoSize(String name) {
        assertUsage(weir("export", name, at("mnt.raw")), "IMAGE '" + name + "' needs a size in bytes");
    }

    @Test
    void emptyAndMissingArguments() {
        assertUsage(weir("export"), "Missing required parameters: 'IMAGE', 'MOUNTPOINT'");
        assertUsage(weir("export", image.toString()), "Missing required parameter: 'MOUNTPOINT'");
        assertUsage(weir("export", "", at("mnt.raw")), "IMAGE is empty");
        assertUsage(weir("export", image.toString(), ""), "MOUNTPOINT is empty");
        assertUsage(weir("export", image.toString(), at("mnt.raw"), "more"), "Unmatched argument at index 3: 'more'");
        assertUsage(weir("exprot"), "Unmatched argument at index 0: 'exprot'; did you mean 'export'?");
        assertUsage(weir("--versoin"), "Unknown option: '--versoin'; did you mean '--version'?");
        assertUsage(weir(""), "Unmatched argument at index 0: ''");
    }

    @Test
    void optionsThatAreIncompleteOrGivenTwice() {
        assertUsage(export("disk.raw", "mnt.raw", "--offset"), "'--offset'");
        assertUsage(export("disk.raw", "mnt.raw", "-v", "--verbose"), "'--verbose'");
        assertUsage(export("disk.raw", "mnt.raw", "--writable=yes"), "'--writable'");
        assertUsage(export("disk.raw", "mnt.raw", "--iothreads=1", "--iothreads=2"), "'--iothreads'");
        assertUsage(export("disk.raw", "mnt.raw", "--aio", "threads", "--aio=threads"), "'--aio'");
        assertUsage(export("disk.raw", "mnt.raw", "-x"), "Unknown option: '-x'; see 'weir export --help'");
    }

    @Test
    void afterTwoDashesAndAfterAnAtSignNothingIsRead() throws IOException {
        assertFails(weir("export", "--", "--size", at("mnt.raw")), "Could not open '--size'");
        assertFails(weir("export", "@file", at("mnt.raw")), "Could not open '@file'");
        assertFails(weir("export", "-", at("mnt.raw")), "Could not open '-'");
    }

    @Test
    void aNameWithALineBreakStaysInOneLine() {
        assertFails(export("no\nsuch\rfile", "mnt.raw"), "No such file or directory");
        assertUsage(weir("--a\nb"), "Unknown option: '--a b'");
        assertUsage(weir("export", image.toString(), "a\0b"), "MOUNTPOINT");
    }

    private CommandRun export(String image, String mountpoint, String... options) {
        List<String> words = new ArrayList<>(List.of("export", at(image), at(mountpoint)));
        words.addAll(List.of(options));
        return weir(words.toArray(String[]::new));
    }

    private String at(String name) {
        return directory.resolve(name).toString();
    }

    private static void assertFails(CommandRun run, String message) {
        assertOneLine(run, 1, message);
    }

    private static void assertUsage(CommandRun run, String message) {
        assertOneLine(run, 2, message);
    }

    private static void assertOneLine(CommandRun run, int status, String message) {
        assertThat(run.err()).startsWith("weir: ").contains(message).hasLineCount(1);
        assertThat(run.status()).isEqualTo(status);
        assertThat(run.out()).isEmpty();
    }

    /** Names, sizes and times of change. */
    private Map<String, String> state() throws IOException {
        var state = new TreeMap<String, String>();
        try (var files = Files.walk(directory)) {
            for (Path file : files.filter(file -> !file.equals(directory)).toList()) {
                state.put(
                        file.toString(),
                        Files.readAttributes(file, "unix:mode,size,lastModifiedTime,ino", LinkOption.NOFOLLOW_LINKS)
                                .toString());
            }
        }
        return state;
    }
}
