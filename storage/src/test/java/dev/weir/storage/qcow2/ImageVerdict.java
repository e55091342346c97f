package dev.weir.storage.qcow2;

import dev.weir.storage.image.ImageCheck;
import dev.weir.storage.image.ImageRepair;
import dev.weir.testing.MemoryFile;
import dev.weir.testing.QemuImg;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * What a check says of the metadata of an image.
 *
 * @param text for people
 */
record ImageVerdict(long corruptions, long leaks, String text) {
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    boolean clean() {
        return corruptions == 0 && leaks == 0;
    }

    /** Of Weir's own check. */
    static ImageVerdict of(TestImage image) {
        MemoryFile file = image.image();
        if (image.shape().has("raw")) {
            return new ImageVerdict(0, 0, "raw");
        }
        int start = Math.min(Math.toIntExact(file.length()), image.shape().clusterSize());
        Qcow2Header header = HeaderParser.parse(ByteBuffer.wrap(file.bytes(0, start)));
        ImageCheck check = Objects.requireNonNull(
                Qcow2Check.check(file, header, ImageRepair.NONE, part -> {}).block(DEADLINE));
        return new ImageVerdict(
                check.corruptions() + check.checkErrors(), check.leaks(), String.join("\n", check.messages()));
    }

    /** Of QEMU's check. */
    static ImageVerdict ofQemu(TestImage image) {
        try {
            Path dir = Files.createTempDirectory("weir-qcow2");
            try {
                return ofQemu(image.saveTo(dir));
            } finally {
                TestImage.delete(dir);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ImageVerdict ofQemu(Path path) {
        QemuImg.Check check = QemuImg.check(path);
        boolean done = check.status() == 0 || check.status() == 2 || check.status() == 3;
        return new ImageVerdict(
                done ? check.corruptions() : Math.max(1, check.corruptions()), check.leaks(), "QEMU: " + check.text());
    }
}
