package dev.weir.storage.qcow2;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** New images, as {@code qemu-img} sees them. */
@Timeout(120)
class Qcow2CreateTest {
    /** Not a multiple of any cluster size, nor of what an L2 table stands for. */
    private static final long SIZE = 10_000_001;

    private static final long SIZE_IN_SECTORS = 10_000_384;

    @TempDir
    Path directory;

    private ImageFiles files;

    @BeforeEach
    void setUp() {
        files = new ImageFiles(directory);
    }

    /** By cluster size. */
    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 65536, 2 << 20})
    void qemuFindsNothingWrongWhateverTheOptions(int clusterSize) throws Exception {
        ImageFiles.assumeQemu();
        for (int bits = 1; bits <= 64; bits *= 2) {
            String options = "cluster_size=" + clusterSize + ",refcount_bits=" + bits;
            assertSound(options);
            assertSound(options + ",preallocation=metadata");
            assertSound(options + ",data_file=data,preallocation=metadata");
            if (clusterSize >= 16384) {
                assertSound(options + ",extended_l2=on,preallocation=metadata");
                assertSound(options + ",extended_l2=on,data_file=data,data_file_raw=on");
            }
        }
        assertSound("compat=0.10,preallocation=falloc,cluster_size=" + clusterSize);
        assertSound("data_file=data,cluster_size=" + clusterSize);
        assertSound("data_file=data,data_file_raw=on,preallocation=full,cluster_size=" + clusterSize);
        assertSound("lazy_refcounts=on,compression_type=zstd,preallocation=full,cluster_size=" + clusterSize);
    }

    private void assertSound(String options) throws Exception {
        Files.deleteIfExists(files.path("data"));
        files.create("image", SIZE, options);

        assertThat(files.qemuImg("check", "-f", "qcow2", "image")).as(options).contains("No errors were found");
        assertThat(files.info("image").virtualSize()).isEqualTo(SIZE_IN_SECTORS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "preallocation=metadata",
                "preallocation=falloc",
                "preallocation=full",
                "data_file=data",
                "data_file=data,preallocation=metadata",
                "data_file=data,data_file_raw=on",
                "extended_l2=on",
                "extended_l2=on,preallocation=metadata",
                "compat=0.10,preallocation=full"
            })
    void theDiskIsEmptyWhateverTheFileContained(String options) throws Exception {
        ImageFiles.assumeQemu();
        Files.createFile(files.path("zeroes"));
        files.with("zeroes", file -> file.truncate(SIZE_IN_SECTORS, PreallocMode.OFF));
        byte[] rubbish = new byte[1 << 20];
        Arrays.fill(rubbish, (byte) 0x55);
        Files.write(files.path("image"), rubbish);
        Files.write(files.path("data"), rubbish);
        files.create("image", SIZE, options);

        assertThat(files.qemuImg("compare", "-f", "raw", "-F", "qcow2", "zeroes", "image"))
                .contains("Images are identical.");
    }

    @Test
    void qemuReadsWhatTheHeaderSays() throws Exception {
        ImageFiles.assumeQemu();
        files.create("base", 1 << 20, "");
        files.create(
                "image",
                SIZE,
                "backing_file=base,backing_fmt=qcow2,lazy_refcounts=on,refcount_bits=8,compression_type=zstd,"
                        + "extended_l2=on,cluster_size=128k");

        assertThat(files.qemuImg("info", "image"))
                .contains("virtual size: 9.54 MiB (10000384 bytes)")
                .contains("cluster_size: 131072")
                .contains("backing file: base")
                .contains("backing file format: qcow2")
                .contains("compression type: zstd")
                .contains("lazy refcounts: true")
                .contains("refcount bits: 8")
                .contains("extended l2: true");
    }

    @Test
    void aRawDataFileIsTheDiskAndAsLong() throws Exception {
        files.create("image", SIZE, "data_file=data,data_file_raw=on");

        assertThat(Files.size(files.path("data"))).isEqualTo(SIZE_IN_SECTORS);
        assertThat(files.info("image").specific())
                .containsEntry("data-file", "data")
                .containsEntry("data-file-raw", true);
    }

    @Test
    void preallocationTakesTheSpaceAtOnce() throws Exception {
        files.create("image", 4 << 20, "preallocation=falloc");
        Long allocated = files.with("image", file -> file.allocatedBytes());
        assertThat(allocated).isGreaterThanOrEqualTo(4 << 20);

        files.create("image", 4 << 20, "preallocation=metadata");
        allocated = files.with("image", file -> file.allocatedBytes());
        assertThat(allocated).isLessThan(1 << 20);
        assertThat(Files.size(files.path("image"))).isGreaterThan(4 << 20);
    }

    @Test
    void aLargeDiskTakesLittleRoomAndNoTime() throws Exception {
        files.create("image", 1L << 50, "cluster_size=2M");
        assertThat(files.info("image").virtualSize()).isEqualTo(1L << 50);
        assertThat(Files.size(files.path("image"))).isLessThan(64 << 20);

        files.create("image", 0, "");
        assertThat(files.info("image").virtualSize()).isZero();
    }

    @Test
    void theNamesOfFeaturesAreToldWhereThereIsRoom() throws Exception {
        files.create("image", SIZE, "");
        byte[] image = Files.readAllBytes(files.path("image"));
        ByteBuffer header = ByteBuffer.wrap(image);
        assertThat(new String(image, 0, 4096, ISO_8859_1))
                .contains("dirty bit", "external data file", "lazy refcounts", "raw external data");
        assertThat(HeaderParser.parse(header).extensions()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "cluster_size=513|Cluster size must be a power of two between 512 and 2048k",
                "cluster_size=4M|Cluster size must be a power of two between 512 and 2048k",
                "compat=2|Parameter 'compat' does not accept value '2'",
                "refcount_bits=3|Refcount width must be a power of two and may not exceed 64 bits",
                "refcount_bits=128|Refcount width must be a power of two and may not exceed 64 bits",
                "refcount_bits=-1|Refcount width must be a power of two and may not exceed 64 bits",
                "compat=0.10,refcount_bits=8|Different refcount widths than 16 bits require compatibility level 1.1",
                "compat=0.10,lazy_refcounts=on|Lazy refcounts only supported with compatibility level 1.1 and above",
                "extended_l2=on,cluster_size=4096|only supported with cluster sizes of at least 16384 bytes",
                "compat=0.10,extended_l2=on|Extended L2 entries are only supported with compatibility level 1.1",
                "compat=0.10,compression_type=zstd|Non-zlib compression type is only supported",
                "compression_type=foo|Parameter 'compression_type' does not accept value 'foo'",
                "data_file_raw=on|data-file-raw requires data-file",
                "compat=0.10,data_file=data|External data files are only supported",
                "preallocation=full,backing_file=b,backing_fmt=raw|can only be used at the same time if extended_l2 is on",
                "data_file=data,data_file_raw=on,backing_file=b,backing_fmt=raw|Backing file and data-file-raw cannot",
                "backing_file=b|Backing file specified without backing format",
                "foo=bar|Invalid parameter 'foo'",
                "lazy_refcounts=maybe|Parameter 'lazy_refcounts' expects 'on' or 'off'",
                "cluster_size=abc|Parameter 'cluster_size' expects a non-negative number",
            })
    void whatMakesNoSenseIsRefusedBeforeAnythingIsWritten(String options, String message) throws Exception {
        Path image = Files.writeString(files.path("image"), "");
        assertThatThrownBy(() -> files.create("image", SIZE, options))
                .isInstanceOf(BlockException.class)
                .hasMessageContaining(message)
                .extracting(failure -> ((BlockException) failure).kind())
                .isEqualTo(BlockErrorKind.INVALID);
        assertThat(image).isEmptyFile();
    }

    @Test
    void encryptionIsRefused() {
        for (String options : new String[] {"encryption=on", "encrypt.format=luks"}) {
            assertThatThrownBy(() -> files.create("image", SIZE, options)).hasMessageContaining("Encrypted");
        }
    }

    @Test
    void whatIsTooLargeForTheFormatIsRefused() {
        String message = "The image size is too large for file format 'qcow2' (try using a larger cluster size)";
        assertThatThrownBy(() -> files.create("image", 1L << 40, "cluster_size=512"))
                .hasMessage(message);
        assertThatThrownBy(() -> files.create("image", Long.MAX_VALUE, "cluster_size=2M"))
                .hasMessage(message);
        assertThatThrownBy(() -> files.create("image", 1L << 60, "cluster_size=2M,preallocation=metadata"))
                .hasMessage(message);
    }

    @Test
    void longNamesFitOrAreRefused() throws Exception {
        String name = "n".repeat(1023);
        files.create("image", SIZE, "backing_fmt=raw,backing_file=" + name);
        assertThat(files.info("image").backingFile()).isEqualTo(name);

        assertThatThrownBy(() -> files.create("image", SIZE, "backing_fmt=raw,backing_file=" + name + "n"))
                .hasMessage("Backing file name too long");
        assertThatThrownBy(() -> files.create("image", SIZE, "cluster_size=512,backing_fmt=raw,backing_file=" + name))
                .hasMessageContaining("too long for a cluster of 512 bytes");
    }
}
