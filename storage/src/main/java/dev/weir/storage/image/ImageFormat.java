package dev.weir.storage.image;

import dev.weir.storage.BlockIo;
import java.util.List;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What can be done with images of a format besides opening them as nodes. The files are lent, and are used by nobody else
 * meanwhile. Failures are {@link dev.weir.storage.BlockException}s; what is no image of the format fails with kind
 * {@code INVALID_FORMAT}.
 */
public interface ImageFormat {
    /** The name of the format's driver. */
    String name();

    /**
     * Makes an empty image. Wrong options fail before anything is written.
     *
     * @param file writable and resizable; what it contains is lost
     * @param dataFile the external data file, where {@link ImageCreation#dataFile} names one
     */
    Mono<Void> create(BlockIo file, @Nullable BlockIo dataFile, ImageCreation creation);

    /** Describes an image from its header and its table of snapshots. */
    Mono<ImageInfo> info(BlockIo file);

    /**
     * Checks the metadata of an image against itself, and mends it. Takes memory in proportion to the clusters of the file.
     *
     * @param file writable where something is to be mended
     * @param progress is told the part that is done, 0 to 1; on any thread
     */
    Mono<ImageCheck> check(BlockIo file, ImageRepair repair, DoubleConsumer progress);

    /** The internal snapshots, in the order of their table. */
    Mono<List<ImageSnapshot>> snapshots(BlockIo file);

    /** Takes a snapshot of what the image contains now, under an id of its own. */
    Mono<ImageSnapshot> createSnapshot(BlockIo file, String name);

    /**
     * Makes the image contain what it contained when the snapshot was taken. What it contained since is lost.
     *
     * @param idOrName looked up as an id first; {@code NOT_FOUND} where there is none
     */
    Mono<Void> applySnapshot(BlockIo file, String idOrName);

    /** Removes a snapshot; {@code NOT_FOUND} where there is none. */
    Mono<Void> deleteSnapshot(BlockIo file, String idOrName);
}
