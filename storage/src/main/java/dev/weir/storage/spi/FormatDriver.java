package dev.weir.storage.spi;

import dev.weir.storage.image.ImageFormat;
import java.util.Optional;

/** A driver that finds the bytes of its node somewhere in the bytes of its children. */
public non-sealed interface FormatDriver extends BlockDriver {
    /** What else can be done with images of the format; empty for one without metadata. */
    default Optional<ImageFormat> imageFormat() {
        return Optional.empty();
    }
}
