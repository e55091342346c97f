package dev.weir.storage.qcow2;

import reactor.core.publisher.Mono;

/** Puts another snapshot table in the place of that of the header. */
final class SnapshotTableSwitch {
    private SnapshotTableSwitch() {}

    /** Takes clusters for a table; 0 for an empty one. Nothing is written. */
    static long allocate(OfflineRefcounts refcounts, Geometry geometry, SnapshotTable table) {
        long bytes = table.bytes();
        if (bytes > SnapshotTable.MAX_BYTES) {
            throw HeaderParser.unsupported("The image has no room for more snapshots");
        }
        return bytes == 0 ? 0 : refcounts.allocate(geometry.clusters(bytes));
    }

    /**
     * Writes a table to clusters of its own, commits, and lets the header name it; then the clusters of the former one are
     * free. At any time one of both is whole.
     *
     * @return the header as it stands in the file now
     */
    static Mono<Qcow2Header> replace(
            MetadataFile file, Qcow2Header header, OfflineRefcounts refcounts, SnapshotTable table) {
        return SnapshotTable.read(file, header).flatMap(former -> {
            long offset = allocate(refcounts, header.geometry(), table);
            int count = table.snapshots().size();
            return (count == 0 ? Mono.<Void>empty() : table.write(file, offset))
                    .then(Mono.defer(refcounts::commit))
                    .then(Mono.defer(() ->
                            file.updateHeader(sector -> sector.putInt(60, count).putLong(64, offset))))
                    .then(Mono.defer(() -> {
                        refcounts.free(header.snapshotsOffset(), former.bytes());
                        return refcounts.commit();
                    }))
                    .then(Mono.fromSupplier(() -> refcounts.in(header).withSnapshots(offset, count)));
        });
    }
}
