package dev.weir.storage.image;

import dev.weir.storage.PreallocMode;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a new image is to be.
 *
 * @param size of the virtual disk in bytes
 * @param backingFile to be named in the image; it is not opened
 * @param backingFormat must be there where {@code backingFile} is
 * @param dataFile the name of an external data file to be named in the image; it is not opened
 * @param preallocation how much of it is allocated at once
 * @param options of the format, by QEMU's names, such as {@code cluster_size}
 */
public record ImageCreation(
        long size,
        @Nullable String backingFile,
        @Nullable String backingFormat,
        @Nullable String dataFile,
        PreallocMode preallocation,
        Map<String, String> options) {}
