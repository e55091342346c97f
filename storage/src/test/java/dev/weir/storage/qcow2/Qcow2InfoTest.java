package dev.weir.storage.qcow2;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.image.ImageInfo;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What images say of themselves. */
@Timeout(60)
class Qcow2InfoTest {
    @TempDir
    Path directory;

    private ImageFiles files;

    @BeforeEach
    void setUp() {
        files = new ImageFiles(directory);
    }

    @Test
    void tellsWhatQemuMade() throws Exception {
        ImageFiles.assumeQemu();
        files.qemuImg("create", "-f", "raw", "base", "2M");
        files.qemuImg(
                "create",
                "-f",
                "qcow2",
                "-b",
                "base",
                "-F",
                "raw",
                "-o",
                "refcount_bits=32,cluster_size=4k",
                "image",
                "3M");

        assertThat(files.info("image"))
                .isEqualTo(new ImageInfo(
                        "qcow2",
                        3 << 20,
                        4096,
                        false,
                        "base",
                        "raw",
                        List.of(),
                        Map.of(
                                "compat",
                                "1.1",
                                "compression-type",
                                "zlib",
                                "lazy-refcounts",
                                false,
                                "refcount-bits",
                                32L,
                                "corrupt",
                                false,
                                "extended-l2",
                                false)));
    }

    @Test
    void opensNoOtherFile() throws Exception {
        files.create("image", 1 << 20, "backing_file=missing,backing_fmt=qcow2");
        assertThat(files.info("image").backingFile()).isEqualTo("missing");
        assertThat(Files.exists(files.path("missing"))).isFalse();
    }

    @Test
    void anOldImageHasNoFeatures() throws Exception {
        files.create("image", 1 << 20, "compat=0.10");
        assertThat(files.info("image").specific())
                .containsOnly(
                        Map.entry("compat", "0.10"),
                        Map.entry("compression-type", "zlib"),
                        Map.entry("refcount-bits", 16L));
    }

    @Test
    void tellsBitmaps() throws Exception {
        ImageFiles.assumeQemu();
        files.qemuImg("create", "-f", "qcow2", "image", "10M");
        files.qemuImg("bitmap", "--add", "image", "b0");
        files.qemuImg("bitmap", "--add", "--disable", "-g", "512", "image", "second");

        assertThat(files.info("image").specific())
                .containsEntry(
                        "bitmaps",
                        List.of(
                                Map.of("flags", List.of("auto"), "name", "b0", "granularity", 65536L),
                                Map.of("flags", List.of(), "name", "second", "granularity", 512L)));
    }

    @Test
    void manyBitmapsDoNotFitInOneRead() throws Exception {
        int count = 300;
        files.create("image", 1 << 20, "cluster_size=4k");
        ByteBuffer directory = ByteBuffer.allocate(count * 1048);
        for (int i = 0; i < count; i++) {
            directory
                    .putLong(0)
                    .putInt(0)
                    .putInt(2)
                    .put((byte) 1)
                    .put((byte) 16)
                    .putShort((short) 1023)
                    .putInt(0);
            directory.put(("%01023d".formatted(i)).getBytes(US_ASCII));
            directory.position(directory.position() + 7 & ~7);
        }
        putBitmaps(count, directory.array());

        Object bitmaps = files.info("image").specific().get("bitmaps");
        assertThat((List<?>) bitmaps)
                .hasSize(count)
                .last()
                .extracting("name")
                .isEqualTo("%01023d".formatted(count - 1));
    }

    /** The bytes of one entry of the directory, wrong from an offset on. */
    @ParameterizedTest
    @CsvSource({
        "17, 08, Bitmap directory is corrupt",
        "17, 20, Bitmap directory is corrupt",
        "18, 0000, Bitmap directory is corrupt",
        "18, ffff, Bitmap directory is corrupt",
        "18, 0100, Bitmap directory is corrupt",
        "20, 00000001, Bitmap directory is corrupt"
    })
    void aDirectoryThatCannotBeIsRefused(int offset, String value, String message) throws Exception {
        files.create("image", 1 << 20, "cluster_size=4k");
        ByteBuffer entry = ByteBuffer.allocate(32);
        entry.putLong(0)
                .putInt(0)
                .putInt(2)
                .put((byte) 1)
                .put((byte) 16)
                .putShort((short) 1)
                .putInt(0)
                .put((byte) 'b');
        entry.put(offset, HexFormat.of().parseHex(value));
        putBitmaps(1, entry.array());

        assertThatThrownBy(() -> files.info("image"))
                .hasMessageContaining(message)
                .extracting(failure -> ((BlockException) failure).kind())
                .isEqualTo(BlockErrorKind.INVALID_FORMAT);
    }

    /** In place of the table of features. */
    private void putBitmaps(int count, byte[] directory) throws Exception {
        try (var image = new RandomAccessFile(files.path("image").toFile(), "rw")) {
            long offset = image.length();
            image.seek(88);
            image.writeLong(Feature.BITMAPS);
            image.seek(112);
            image.writeInt(HeaderExtension.BITMAPS);
            image.writeInt(24);
            image.writeInt(count);
            image.writeInt(0);
            image.writeLong(directory.length);
            image.writeLong(offset);
            image.writeLong(0);
            image.seek(offset);
            image.write(directory);
        }
    }

    @Test
    void whatIsNoImageIsSaidToBeNone() throws Exception {
        for (byte[] content : new byte[][] {{}, {'Q', 'F', 'I'}, new byte[4096]}) {
            Files.write(files.path("image"), content);
            assertThatThrownBy(() -> files.info("image"))
                    .hasMessage("Image is not in qcow2 format")
                    .extracting(failure -> ((BlockException) failure).kind())
                    .isEqualTo(BlockErrorKind.INVALID_FORMAT);
        }
    }
}
