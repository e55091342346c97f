package dev.weir.storage.qcow2;

import dev.weir.testing.QemuImg;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a check says of the metadata of an image.
 *
 * @param text for people
 */
record ImageVerdict(long corruptions, long leaks, String text) {
    boolean clean() {
        return corruptions == 0 && leaks == 0;
    }

    /** Of the check that is at hand. */
    static ImageVerdict of(TestImage image) {
        return image.shape().has("raw") ? new ImageVerdict(0, 0, "raw") : ofQemu(image);
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
