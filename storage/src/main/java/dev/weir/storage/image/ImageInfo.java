package dev.weir.storage.image;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an image says of itself; no other file was opened for it.
 *
 * @param virtualSize bytes
 * @param clusterSize bytes; 0 for a format without clusters
 * @param dirty whether it was not closed properly
 * @param backingFile as it stands in the image
 * @param backingFormat as it stands in the image
 * @param specific what only images of this format have, by QEMU's names; values are String, Boolean, Long, or a list or map of
 *     such
 */
public record ImageInfo(
        String format,
        long virtualSize,
        int clusterSize,
        boolean dirty,
        @Nullable String backingFile,
        @Nullable String backingFormat,
        List<ImageSnapshot> snapshots,
        Map<String, Object> specific) {}
