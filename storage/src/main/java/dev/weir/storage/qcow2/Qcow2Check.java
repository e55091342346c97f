package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockIo;
import dev.weir.storage.image.ImageCheck;
import dev.weir.storage.image.ImageRepair;
import java.util.function.DoubleConsumer;
import reactor.core.publisher.Mono;

/**
 * Checks the metadata of an image that nobody else uses, and mends it. At no time does a repair leave the image on disk
 * worse than it was: refcounts are raised before COPIED flags and then other refcounts go, and new tables are complete
 * before the header names them.
 */
final class Qcow2Check {
    private final MetadataFile file;
    private final ImageRepair repair;
    private final DoubleConsumer progress;
    private Qcow2Header header;

    private Qcow2Check(MetadataFile file, Qcow2Header header, ImageRepair repair, DoubleConsumer progress) {
        this.file = file;
        this.header = header;
        this.repair = repair;
        this.progress = progress;
    }

    /**
     * Counts as {@code qemu-img check} does. What is found is in the result; failures are those of the file, and
     * {@link BlockErrorKind#NO_MEMORY} or {@link BlockErrorKind#FILE_TOO_LARGE} for what is too large to be checked.
     *
     * @param file writable where something is to be mended; its header has to be read again then
     * @param header as it stands in the file
     * @param progress is told the part that is done, 0 to 1
     */
    static Mono<ImageCheck> check(BlockIo file, Qcow2Header header, ImageRepair repair, DoubleConsumer progress) {
        return Mono.defer(() -> new Qcow2Check(new MetadataFile(file), header, repair, progress).run());
    }

    private Mono<ImageCheck> run() {
        if (repair == ImageRepair.NONE) {
            return scan(0, 1).map(scan -> result(scan, scan));
        }
        return scan(0, 0.5).flatMap(found -> {
            if (!found.mendable() || clean(found)) {
                return finish(found, found);
            }
            return forgetUnknownFeatures()
                    .then(Mono.defer(() -> repair == ImageRepair.ALL ? mendAll(found) : freeLeaks(found)))
                    .then(Mono.defer(() -> scan(0.5, 0.5)))
                    .flatMap(left -> finish(found, left));
        });
    }

    private static boolean clean(ImageScan scan) {
        return scan.corruptions() == 0 && scan.findings().leaks == 0 && scan.checkErrors() == 0;
    }

    private Mono<ImageScan> scan(double from, double part) {
        return Mono.defer(() -> new ImageScan(file, header, done -> progress.accept(from + part * done)).run());
    }

    /** The features of others that know what writers must keep up to date. */
    private Mono<Void> forgetUnknownFeatures() {
        long known = Feature.BITMAPS | Feature.RAW_DATA_FILE;
        return header.version() < 3 || (header.autoclear() & ~known) == 0
                ? Mono.empty()
                : file.updateHeader(sector -> sector.putLong(88, header.autoclear() & known));
    }

    private Mono<ImageCheck> finish(ImageScan found, ImageScan left) {
        long marks = header.incompatible() & (Feature.DIRTY | Feature.CORRUPT);
        boolean mark = left.corruptions() == 0 && left.checkErrors() == 0 && marks != 0;
        Mono<Void> unmark = mark
                ? file.updateHeader(
                        sector -> sector.putLong(72, sector.getLong(72) & ~(Feature.DIRTY | Feature.CORRUPT)))
                : Mono.empty();
        return unmark.then(Mono.fromSupplier(() -> result(found, left)));
    }

    private ImageCheck result(ImageScan found, ImageScan left) {
        progress.accept(1);
        Geometry geometry = header.geometry();
        return new ImageCheck(
                left.corruptions(),
                left.findings().leaks,
                Math.max(0, found.corruptions() - left.corruptions()),
                Math.max(0, found.findings().leaks - left.findings().leaks),
                left.checkErrors(),
                (header.size() >>> geometry.clusterBits()) + (geometry.aligned(header.size()) ? 0 : 1),
                left.l2().allocated,
                left.l2().fragmented,
                left.l2().compressed,
                left.endCluster() << geometry.clusterBits(),
                found.findings().messages());
    }

    private Mono<Void> freeLeaks(ImageScan scan) {
        if (scan.needsRebuild()) {
            return Mono.empty();
        }
        OfflineRefcounts refcounts = OfflineRefcounts.of(file, header, scan.actual(), scan.refcountTable());
        boolean sure = scan.findings().corruptions == 0;
        lower(refcounts, scan);
        return commit(refcounts).then(Mono.defer(() -> sure ? setFlags(scan, refcounts) : Mono.empty()));
    }

    private Mono<Void> mendAll(ImageScan scan) {
        if (scan.l2().mendable > 0) {
            Geometry geometry = header.geometry();
            return TableWalk.each(
                            scan.l2TableOffsets().offsets(),
                            table -> scan.l2TableAlone(table) && geometry.aligned(table)
                                    ? file.edit(
                                            table,
                                            geometry.clusterSize(),
                                            (offset, part) -> L2Check.mend(geometry, part))
                                    : Mono.empty())
                    .then(Mono.defer(file::flush))
                    .then(Mono.defer(() -> scan(0.5, 0)))
                    .flatMap(this::mendRefcounts);
        }
        return mendRefcounts(scan);
    }

    private Mono<Void> mendRefcounts(ImageScan scan) {
        return scan.needsRebuild() ? rebuild(scan) : mendInPlace(scan);
    }

    private Mono<Void> rebuild(ImageScan scan) {
        long end = Math.max(scan.endCluster(), scan.expected().end());
        scan.forgetRefcountStructures();
        OfflineRefcounts refcounts = OfflineRefcounts.rebuild(file, header.geometry(), scan.expected(), end);
        return commit(refcounts)
                .then(Mono.defer(() -> mendFlags(scan, refcounts)))
                .then(completeSnapshots(scan));
    }

    private Mono<Void> mendInPlace(ImageScan scan) {
        OfflineRefcounts refcounts = OfflineRefcounts.of(file, header, scan.actual(), scan.refcountTable());
        RefcountMap expected = scan.expected();
        for (long cluster = expected.next(0); cluster < expected.end(); cluster = expected.next(cluster + 1)) {
            if (refcounts.get(cluster) < expected.get(cluster)) {
                refcounts.set(cluster, expected.get(cluster));
            }
        }
        return commit(refcounts)
                .then(Mono.defer(() -> clearFlags(scan, refcounts)))
                .then(Mono.defer(() -> {
                    lower(refcounts, scan);
                    return commit(refcounts);
                }))
                .then(Mono.defer(() -> setFlags(scan, refcounts)))
                .then(completeSnapshots(scan));
    }

    private static void lower(OfflineRefcounts refcounts, ImageScan scan) {
        RefcountMap expected = scan.expected();
        RefcountMap actual = scan.actual();
        long end = Math.min(scan.clusters(), actual.end());
        for (long cluster = actual.next(0); cluster < end; cluster = actual.next(cluster + 1)) {
            if (actual.get(cluster) > expected.get(cluster)) {
                refcounts.set(cluster, expected.get(cluster));
            }
        }
    }

    private Mono<Void> commit(OfflineRefcounts refcounts) {
        return refcounts.commit().then(Mono.fromRunnable(() -> header = refcounts.in(header)));
    }

    private Mono<Void> mendFlags(ImageScan scan, OfflineRefcounts refcounts) {
        return clearFlags(scan, refcounts).then(Mono.defer(() -> setFlags(scan, refcounts)));
    }

    /** Those of clusters that will be shared, before any refcount is lowered. */
    private Mono<Void> clearFlags(ImageScan scan, OfflineRefcounts refcounts) {
        RefcountMap expected = scan.expected();
        return flags(scan, cluster -> Math.min(expected.get(cluster), refcounts.get(cluster)), CopiedFlags.Mode.CLEAR);
    }

    private Mono<Void> setFlags(ImageScan scan, OfflineRefcounts refcounts) {
        return flags(scan, refcounts::get, CopiedFlags.Mode.SET)
                .then(Mono.defer(() -> flags(scan, refcounts::get, CopiedFlags.Mode.CLEAR)));
    }

    private Mono<Void> flags(ImageScan scan, CopiedFlags.Refcounts refcounts, CopiedFlags.Mode mode) {
        return new CopiedFlags(file, header, scan.l1TableAlone(), scan::l2TableAlone)
                .update(header.l1Offset(), header.l1Entries(), refcounts, mode)
                .then(Mono.defer(file::flush));
    }

    /** Gives entries of the snapshot table what version 3 asks for. */
    private Mono<Void> completeSnapshots(ImageScan scan) {
        return Mono.defer(() -> {
            if (scan.incompleteSnapshots() == 0) {
                return Mono.empty();
            }
            SnapshotTable complete = new SnapshotTable(scan.snapshots().snapshots().stream()
                    .map(snapshot -> snapshot.completed(header.size()))
                    .toList());
            return OfflineRefcounts.load(file, header)
                    .flatMap(refcounts -> SnapshotTableSwitch.replace(file, header, refcounts, complete))
                    .doOnNext(changed -> header = changed)
                    .then();
        });
    }
}
