package dev.weir.storage.image;

import java.util.List;

/**
 * What a check found.
 *
 * @param corruptions errors that can cost data, and that are left
 * @param leaks clusters that nothing refers to, and that are left
 * @param corruptionsFixed errors that were mended
 * @param leaksFixed clusters that were freed
 * @param checkErrors parts of the image that could not be read
 * @param totalClusters clusters of the virtual disk
 * @param allocatedClusters those of them that have data
 * @param fragmentedClusters those of them that do not follow the one before
 * @param compressedClusters those of them that are compressed
 * @param imageEndOffset the end of the last cluster in use, in bytes
 * @param messages one line each for the first findings, at most 1000
 */
public record ImageCheck(
        long corruptions,
        long leaks,
        long corruptionsFixed,
        long leaksFixed,
        long checkErrors,
        long totalClusters,
        long allocatedClusters,
        long fragmentedClusters,
        long compressedClusters,
        long imageEndOffset,
        List<String> messages) {}
