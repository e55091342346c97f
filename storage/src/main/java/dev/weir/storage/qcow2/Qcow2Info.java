package dev.weir.storage.qcow2;

import dev.weir.storage.BlockIo;
import dev.weir.storage.image.ImageInfo;
import dev.weir.storage.image.ImageSnapshot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/** Describes an image from its header, its bitmaps and its snapshots. */
final class Qcow2Info {
    private Qcow2Info() {}

    /** @param snapshots how they are listed */
    static Mono<ImageInfo> info(BlockIo file, Function<BlockIo, Mono<List<ImageSnapshot>>> snapshots) {
        return ImageOpener.header(file).flatMap(header -> {
            Mono<List<ImageSnapshot>> listed =
                    header.snapshotCount() == 0 ? Mono.just(List.of()) : snapshots.apply(file);
            return listed.flatMap(
                    list -> BitmapDirectory.read(file, header).map(bitmaps -> info(header, list, bitmaps)));
        });
    }

    private static ImageInfo info(
            Qcow2Header header, List<ImageSnapshot> snapshots, List<Map<String, Object>> bitmaps) {
        return new ImageInfo(
                "qcow2",
                header.size(),
                header.geometry().clusterSize(),
                header.has(Feature.DIRTY),
                header.backingFile(),
                header.backingFormat(),
                snapshots,
                specific(header, bitmaps));
    }

    private static Map<String, Object> specific(Qcow2Header header, List<Map<String, Object>> bitmaps) {
        Map<String, Object> values = new LinkedHashMap<>();
        boolean extended = header.version() >= 3;
        values.put("compat", extended ? "1.1" : "0.10");
        values.put("compression-type", header.compression().name().toLowerCase(Locale.ROOT));
        if (extended) {
            values.put("lazy-refcounts", header.lazyRefcounts());
        }
        if (!bitmaps.isEmpty()) {
            values.put("bitmaps", bitmaps);
        }
        values.put("refcount-bits", (long) header.geometry().refcountBits());
        if (extended) {
            if (header.dataFile() != null) {
                values.put("data-file", header.dataFile());
            }
            if (header.hasDataFile()) {
                values.put("data-file-raw", header.rawDataFile());
            }
            values.put("corrupt", header.has(Feature.CORRUPT));
            values.put("extended-l2", header.geometry().extendedL2());
        }
        return values;
    }
}
