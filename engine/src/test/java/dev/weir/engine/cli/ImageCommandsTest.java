package dev.weir.engine.cli;

import static dev.weir.engine.cli.CommandRun.weir;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code weir image}: what it makes of files, and what it says. */
@Timeout(60)
class ImageCommandsTest {
    private static final long SEED = 20_260_402;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path directory;

    private String at(String name) {
        return directory.resolve(name).toString();
    }

    /** Words without a blank; names of files begin with {@code @}. */
    private CommandRun image(String words) {
        return weir(Arrays.stream(("image " + words).split(" "))
                .map(word -> word.startsWith("@") ? at(word.substring(1)) : word)
                .toArray(String[]::new));
    }

    private String done(String words) {
        CommandRun run = image(words);
        assertThat(run.err()).isEmpty();
        assertThat(run.status()).isZero();
        return run.out();
    }

    private void fails(String words, String message) {
        refused(1, words, message);
    }

    private void misused(String words, String message) {
        refused(2, words, message);
    }

    private void refused(int status, String words, String message) {
        CommandRun run = image(words);
        assertThat(run.err()).startsWith("weir: ").contains(message).hasLineCount(1);
        assertThat(run.status()).isEqualTo(status);
        assertThat(run.out()).isEmpty();
    }

    private JsonNode info(String name) throws IOException {
        return JSON.readTree(done("info --json @" + name));
    }

    /** With data here and there, and a length that is no multiple of anything but sectors. */
    private byte[] write(String name) throws IOException {
        var random = new Random(SEED);
        byte[] bytes = new byte[(9 << 20) + 1536];
        try (var file = new RandomAccessFile(at(name), "rw")) {
            file.setLength(bytes.length);
            for (int i = 0; i < 60; i++) {
                byte[] data = new byte[1 + random.nextInt(100_000)];
                random.nextBytes(data);
                int offset = random.nextInt(bytes.length - data.length);
                file.seek(offset);
                file.write(data);
                System.arraycopy(data, 0, bytes, offset, data.length);
            }
        }
        return bytes;
    }

    @Test
    void withoutACommandThereIsTheListOfThem() {
        assertThat(done("")).contains("create", "info", "map", "resize", "convert");
    }

    @Test
    void createsWhatInfoDescribes() throws IOException {
        assertThat(done("create -f qcow2 -o cluster_size=4k,compat=1.1 -o refcount_bits=8 @a 3M"))
                .isEmpty();

        JsonNode info = info("a");
        assertThat(info.path("format").asText()).isEqualTo("qcow2");
        assertThat(info.path("virtual-size").asLong()).isEqualTo(3 << 20);
        assertThat(info.path("cluster-size").asInt()).isEqualTo(4096);
        assertThat(info.path("dirty-flag").asBoolean(true)).isFalse();
        assertThat(info.path("format-specific")
                        .path("data")
                        .path("refcount-bits")
                        .asInt())
                .isEqualTo(8);
        assertThat(done("info @a"))
                .contains("file format: qcow2 (as it begins; not named)\n")
                .contains("virtual size: 3 MiB (3145728 bytes)\n")
                .contains("    lazy refcounts: false\n");
        assertThat(done("info -f raw @a")).contains("file format: raw\n").doesNotContain("format specific");
    }

    @Test
    void anOverlayIsAsLargeAsWhatIsBelow() throws IOException {
        done("create -f qcow2 @base 5M");
        Path below = Files.createDirectory(directory.resolve("sub"));
        done("create -f qcow2 -b ../base -F qcow2 @sub/overlay");

        assertThat(below.resolve("overlay")).exists();
        assertThat(info("sub/overlay").path("virtual-size").asLong()).isEqualTo(5 << 20);
        assertThat(info("sub/overlay").path("backing-filename").asText()).isEqualTo("../base");
        fails("map -f qcow2 @sub/overlay", "--follow opens it, for an image that you trust");
        assertThat(done("map -f qcow2 --follow @sub/overlay")).contains("0x500000");
    }

    @Test
    void infoOpensNoOtherFile() throws IOException {
        done("create -u -f qcow2 -b missing -F qcow2 @a 1M");

        assertThat(info("a").path("backing-filename").asText()).isEqualTo("missing");
        fails("map --follow -f qcow2 @a", "No such file or directory");
    }

    @Test
    void aChainThatBitesItsTailIsRefused() {
        done("create -u -f qcow2 -b b -F qcow2 @a 1M");
        done("create -u -f qcow2 -b a -F qcow2 @b 1M");

        fails("map --follow -f qcow2 @a", "is its own backing file");
    }

    @Test
    void createOverwritesNothing() throws IOException {
        Files.writeString(directory.resolve("a"), "precious");
        fails("create -f qcow2 @a 1M", "exists; --force overwrites what it contains");
        fails("create @a 1M", "exists; --force overwrites what it contains");
        assertThat(directory.resolve("a")).hasContent("precious");

        done("create --force -f qcow2 @a 1M");
        assertThat(info("a").path("format").asText()).isEqualTo("qcow2");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "create -f qcow2 @new 1M -o foo=bar|Invalid parameter 'foo'",
                "create -f qcow2 @new 1M -o cluster_size=3|Cluster size must be a power of two between 512 and 2048k",
                "create -f qcow2 @new 1M -o foo|Expected '=' after parameter 'foo'",
                "create -f vmdk @new 1M|Unknown driver 'vmdk'",
                "create -f memory @new 1M|'memory' is no format of images",
                "create @new 1M -o preallocation=metadata|Unsupported preallocation mode: metadata",
                "create @new 1M -o cluster_size=4k|Invalid parameter 'cluster_size'",
                "create -f raw -b @old -F raw @new 1M|Backing file not supported for file format 'raw'",
                "create -f qcow2 -b missing -F raw @new|No such file or directory",
                "create -f qcow2 -b old -F qcow2 @new|Image is not in qcow2 format",
                "create -f qcow2 -o data_file=old @new 1M|exists; --force overwrites what it contains",
                "create @nowhere/new 1M|No such file or directory",
                "convert @missing @new|No such file or directory",
                "convert -f qcow2 @old @new|Image is not in qcow2 format",
                "convert -O qcow2 -o cluster_size=3 @old @new|Cluster size must be",
                "convert -O raw -o cluster_size=4k @old @new|Invalid parameter 'cluster_size'",
            })
    void aFailureLeavesNothingBehind(String words, String message) throws IOException {
        Files.write(directory.resolve("old"), new byte[4096]);

        fails(words, message);

        assertThat(directory.resolve("new")).doesNotExist();
        assertThat(directory.resolve("old")).hasSize(4096);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "create @new|SIZE is missing",
                "create @new 1X|is not a size",
                "create -f qcow2 -b old @new|-b needs -F",
                "create|Missing required parameter: 'FILE'",
                "convert @old @old|SOURCE and TARGET are the same file",
                "convert -S 3k @old @new|Invalid value for option '--sparse-size'",
                "convert -O qcow2 -o backing_file=x @old @new|'backing_file' makes no sense",
                "resize @old 1X|Invalid value for SIZE",
                "resize @old --shirnk|Unknown option: '--shirnk'",
                "resize @old 5 --preallocation=some|Invalid value for option '--preallocation'",
                "map --output=xml @old|Invalid value for option '--output'",
                "creat @new 1M|did you mean 'create'"
            })
    void whatMakesNoSenseIsAnErrorOfUse(String words, String message) throws IOException {
        Files.write(directory.resolve("old"), new byte[4096]);

        misused(words, message);

        assertThat(directory.resolve("new")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"map @a", "resize @a 1M", "convert @a @b"})
    void whatBeginsLikeAFormatNeedsItsName(String words) {
        done("create -f qcow2 @a 2M");

        fails(words, "begins like a qcow2 image; name its format: -f qcow2");
    }

    @Test
    void mapTellsDataFromHoles() throws IOException {
        try (var file = new RandomAccessFile(at("a"), "rw")) {
            file.setLength(1 << 20);
            file.seek(256 << 10);
            file.write(new byte[65536]);
        }

        assertThat(done("map @a").lines().map(line -> line.replaceAll(" +", " ")))
                .containsExactly(
                        "START LENGTH STATUS", "0x0 0x40000 zero", "0x40000 0x10000 data", "0x50000 0xb0000 zero");
        JsonNode map = JSON.readTree(done("map --output=json @a"));
        assertThat(map).hasSize(3);
        assertThat(map.get(1).path("start").asLong()).isEqualTo(256 << 10);
        assertThat(map.get(1).path("data").asBoolean()).isTrue();
        assertThat(map.get(2).path("zero").asBoolean()).isTrue();
        assertThat(map.get(0).path("depth").asInt(-1)).isZero();
        Files.createFile(directory.resolve("empty"));
        assertThat(JSON.readTree(done("map --json @empty"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw", "qcow2"})
    void resizes(String format) throws IOException {
        done("create -f " + format + " @a 4M");
        String resize = "resize -f " + format + " @a ";

        done(resize + "+1M");
        assertThat(size("a", format)).isEqualTo(5 << 20);
        done(resize + "6M --preallocation=falloc");
        assertThat(size("a", format)).isEqualTo(6 << 20);
        fails(resize + "-2M", "would lose 2097152 bytes at its end; --shrink allows that");
        fails(resize + "-7M --shrink", "has 6291456 bytes only");
        assertThat(size("a", format)).isEqualTo(6 << 20);
        done(resize + "-2M --shrink");
        assertThat(size("a", format)).isEqualTo(4 << 20);
        fails(resize + "+9223372036854775807", "does not fit");
    }

    private long size(String name, String format) throws IOException {
        return JSON.readTree(done("info --json -f " + format + " @" + name))
                .path("virtual-size")
                .asLong();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-o cluster_size=512",
                "-o extended_l2=on",
                "-o preallocation=metadata",
                "-o compat=0.10 -S 512"
            })
    void whatIsConvertedThereAndBackIsTheSame(String options) throws IOException {
        byte[] bytes = write("a");
        Files.createFile(directory.resolve("b"));

        done(("convert -f raw -O qcow2 " + options + " @a @b").replace("  ", " "));
        assertThat(info("b").path("virtual-size").asLong()).isEqualTo(bytes.length);
        done("convert -f qcow2 @b @c");

        assertThat(Files.readAllBytes(directory.resolve("c"))).isEqualTo(bytes);
    }

    @Test
    void zeroesTakeNoRoom() throws IOException {
        Files.write(directory.resolve("a"), new byte[8 << 20]);

        done("convert @a @b");
        done("convert -O qcow2 @a @c");

        assertThat(info("b").path("virtual-size").asLong()).isEqualTo(8 << 20);
        assertThat(info("b").path("actual-size").asLong()).isZero();
        assertThat(directory.resolve("c"))
                .satisfies(file -> assertThat(Files.size(file)).isLessThan(1 << 20));
    }

    @Test
    void progressIsShownWhereItIsAskedFor() throws IOException {
        write("a");

        assertThat(done("convert -p @a @b")).contains("100 %").endsWith("MiB/s" + System.lineSeparator());
        assertThat(done("convert @a @c")).isEmpty();
    }

    @Test
    void aTargetThatWasThereIsReportedIncomplete() throws IOException {
        done("create -f qcow2 @a 1M");
        // The first L2 table begins at no cluster.
        try (var file = new RandomAccessFile(at("a"), "rw")) {
            file.seek(3 << 16);
            file.writeLong(1L << 63 | 0x10200);
        }
        Files.write(directory.resolve("b"), new byte[512]);

        fails("convert --force -f qcow2 @a @b", "is incomplete");
        fails("convert -f qcow2 @a @c", "weir: ");
        assertThat(directory.resolve("b")).exists();
        assertThat(directory.resolve("c")).doesNotExist();
    }
}
