package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockIo;
import dev.weir.storage.image.ImageRepair;
import dev.weir.storage.image.ImageSnapshot;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/**
 * The internal snapshots of an image that nobody else uses. Whatever is refused is refused before anything is written. A
 * crash leaves the snapshots and the contents as they were or as they were to become, and beyond that leaks, and COPIED
 * flags that are clear without need.
 */
final class Qcow2Snapshots {
    private final MetadataFile file;
    private final Qcow2Header header;
    private final Geometry geometry;
    private final OfflineRefcounts refcounts;
    private final SnapshotTable table;

    private Qcow2Snapshots(MetadataFile file, Qcow2Header header, OfflineRefcounts refcounts, SnapshotTable table) {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.refcounts = refcounts;
        this.table = table;
    }

    /** In the order of their table. */
    static Mono<List<ImageSnapshot>> list(BlockIo file, Qcow2Header header) {
        return SnapshotTable.read(file, header)
                .map(table -> table.snapshots().stream()
                        .map(snapshot -> snapshot.describe(header.size()))
                        .toList());
    }

    /** @param date of the snapshot */
    static Mono<ImageSnapshot> create(BlockIo file, Qcow2Header header, String name, Instant date) {
        return change(file, header, snapshots -> snapshots.create(name, date));
    }

    /** Fails with {@link BlockErrorKind#NOT_FOUND}. */
    static Mono<Void> apply(BlockIo file, Qcow2Header header, String idOrName) {
        return Qcow2Snapshots.<Boolean>change(
                        file, header, snapshots -> snapshots.apply(idOrName).thenReturn(true))
                .then();
    }

    /** Fails with {@link BlockErrorKind#NOT_FOUND}. */
    static Mono<Void> delete(BlockIo file, Qcow2Header header, String idOrName) {
        return Qcow2Snapshots.<Boolean>change(
                        file, header, snapshots -> snapshots.delete(idOrName).thenReturn(true))
                .then();
    }

    private static <T> Mono<T> change(BlockIo io, Qcow2Header header, Function<Qcow2Snapshots, Mono<T>> change) {
        if (header.hasDataFile()) {
            return Mono.error(HeaderParser.unsupported("Images with an external data file cannot have snapshots"));
        }
        if (header.has(Feature.CORRUPT)) {
            return Mono.error(BlockException.of(
                    BlockErrorKind.ACCESS_DENIED, "The image is corrupt; it must be checked and repaired first"));
        }
        if (header.has(Feature.DIRTY)) {
            return repaired(io, header).flatMap(sound -> change(io, sound, change));
        }
        return Mono.defer(() -> {
            MetadataFile file = new MetadataFile(io);
            return forgetUnknownFeatures(file, header)
                    .flatMap(current -> SnapshotTable.read(file, current)
                            .flatMap(table -> OfflineRefcounts.load(file, current)
                                    .flatMap(refcounts ->
                                            change.apply(new Qcow2Snapshots(file, current, refcounts, table)))));
        });
    }

    private static Mono<Qcow2Header> repaired(BlockIo io, Qcow2Header header) {
        return Qcow2Check.check(io, header, ImageRepair.ALL, done -> {}).flatMap(check -> {
            if (check.corruptions() + check.checkErrors() > 0) {
                return Mono.error(OfflineRefcounts.corrupt("not closed properly"));
            }
            // Only the place of the refcount table, the features and the place of the snapshot table may have changed.
            return new MetadataFile(io)
                    .read(0, Qcow2Header.V3_LENGTH)
                    .map(sector -> header.withFeatures(sector.getLong(72), header.compatible(), sector.getLong(88))
                            .withRefcountTable(sector.getLong(48), sector.getInt(56))
                            .withSnapshots(sector.getLong(64), sector.getInt(60)));
        });
    }

    private static Mono<Qcow2Header> forgetUnknownFeatures(MetadataFile file, Qcow2Header header) {
        long known = header.autoclear() & (Feature.BITMAPS | Feature.RAW_DATA_FILE);
        if (known == header.autoclear()) {
            return Mono.just(header);
        }
        return file.updateHeader(sector -> sector.putLong(88, known))
                .thenReturn(header.withFeatures(header.incompatible(), header.compatible(), known));
    }

    private Mono<ImageSnapshot> create(String name, Instant date) {
        if (table.snapshots().size() >= SnapshotTable.MAX_COUNT) {
            return Mono.error(HeaderParser.unsupported("The image has too many snapshots"));
        }
        long bytes = header.l1Entries() * 8L;
        return references(header.l1Offset(), header.l1Entries(), 1).then(Mono.defer(() -> {
            long copy = bytes == 0 ? 0 : refcounts.allocate(geometry.clusters(bytes));
            Snapshot snapshot = Snapshot.of(copy, header.l1Entries(), nextId(), name, date, header.size());
            if (snapshot.nameBytes().length > 0xffff) {
                throw BlockException.of(BlockErrorKind.INVALID, "The name of the snapshot is too long");
            }
            List<Snapshot> all = new ArrayList<>(table.snapshots());
            all.add(snapshot);
            SnapshotTable next = new SnapshotTable(all);
            if (next.bytes() > SnapshotTable.MAX_BYTES) {
                throw HeaderParser.unsupported("The image has too many snapshots");
            }
            refcounts.plan();
            // Every cluster is to be shared: no flag may stay, from before the snapshot is there.
            return flags(header.l1Offset(), header.l1Entries(), CopiedFlags.Mode.CLEAR)
                    .then(Mono.defer(() -> copyL1(header.l1Offset(), header.l1Entries(), copy, header.l1Entries())))
                    .then(Mono.defer(() -> SnapshotTableSwitch.replace(file, header, refcounts, next)))
                    .thenReturn(snapshot.describe(header.size()));
        }));
    }

    private String nextId() {
        long max = 0;
        for (Snapshot snapshot : table.snapshots()) {
            String id = snapshot.id();
            if (!id.isEmpty() && id.length() < 19 && id.chars().allMatch(c -> c >= '0' && c <= '9')) {
                max = Math.max(max, Long.parseLong(id));
            }
        }
        return Long.toString(max + 1);
    }

    private Mono<Void> apply(String idOrName) {
        Snapshot snapshot = table.require(idOrName);
        snapshot.requireSound(geometry);
        long size = snapshot.diskSize(header.size());
        long entries = Math.max(snapshot.l1Entries(), size < 0 ? Long.MAX_VALUE : geometry.l1EntriesFor(size));
        if (entries > HeaderParser.MAX_L1_BYTES / 8) {
            return Mono.error(HeaderParser.invalid("The disk of the snapshot is too large"));
        }
        Mono<Void> planned = references(header.l1Offset(), header.l1Entries(), 0)
                .then(Mono.defer(() -> references(snapshot.l1Offset(), snapshot.l1Entries(), 1)));
        return planned.then(Mono.defer(() -> {
            refcounts.requireUsed(snapshot.l1Offset(), snapshot.l1Entries() * 8L, "L1 table of the snapshot");
            long copy = entries == 0 ? 0 : refcounts.allocate(geometry.clusters(entries * 8));
            refcounts.plan();
            return flags(snapshot.l1Offset(), snapshot.l1Entries(), CopiedFlags.Mode.CLEAR)
                    .then(Mono.defer(() -> copyL1(snapshot.l1Offset(), snapshot.l1Entries(), copy, entries)))
                    .then(Mono.defer(refcounts::commit))
                    .then(Mono.defer(() -> file.updateHeader(sector -> {
                        sector.putLong(24, size).putInt(36, (int) entries).putLong(40, copy);
                        if (header.version() >= 3) {
                            // The bitmaps tell what was written since other contents.
                            sector.putLong(88, sector.getLong(88) & ~Feature.BITMAPS);
                        }
                    })))
                    .then(Mono.defer(() -> references(header.l1Offset(), header.l1Entries(), -1)))
                    .then(Mono.defer(() -> {
                        refcounts.free(header.l1Offset(), header.l1Entries() * 8L);
                        return refcounts.commit();
                    }));
        }));
    }

    private Mono<Void> delete(String idOrName) {
        Snapshot snapshot = table.require(idOrName);
        snapshot.requireSound(geometry);
        List<Snapshot> others = new ArrayList<>(table.snapshots());
        others.remove(table.snapshots().indexOf(snapshot));
        return verifiable(snapshot)
                .then(Mono.defer(() -> SnapshotTableSwitch.replace(file, header, refcounts, new SnapshotTable(others))))
                .then(Mono.defer(() -> references(snapshot.l1Offset(), snapshot.l1Entries(), -1)))
                .then(Mono.defer(() -> {
                    refcounts.free(snapshot.l1Offset(), snapshot.l1Entries() * 8L);
                    return refcounts.commit();
                }))
                .then(Mono.defer(() -> flags(header.l1Offset(), header.l1Entries(), CopiedFlags.Mode.SET)));
    }

    /** Fails where the clusters of a snapshot could not be freed, before it is gone. */
    private Mono<Void> verifiable(Snapshot snapshot) {
        refcounts.requireUsed(snapshot.l1Offset(), snapshot.l1Entries() * 8L, "L1 table of the snapshot");
        return references(snapshot.l1Offset(), snapshot.l1Entries(), 0);
    }

    /** Changes the refcounts of everything that an L1 table refers to, apart from the table itself. */
    private Mono<Void> references(long l1Offset, long l1Entries, int delta) {
        OffsetCounts tables = new OffsetCounts();
        return TableWalk.l1(file, l1Offset, l1Entries, entry -> {
                    long offset = L2Entry.offset(entry);
                    if ((entry & L2Entry.L1_RESERVED) != 0 || !geometry.aligned(offset)) {
                        throw OfflineRefcounts.corrupt("L1 entry " + Findings.hex(entry));
                    }
                    if (offset != 0) {
                        tables.add(offset, 1, 0);
                    }
                })
                .then(Mono.defer(() -> TableWalk.each(tables.offsets(), offset -> {
                    long times = tables.count(offset) * delta;
                    change(offset >>> geometry.clusterBits(), times);
                    return file.scan(offset, geometry.clusterSize(), (at, part) -> entries(part, times));
                })));
    }

    private void entries(ByteBuffer part, long delta) {
        while (part.remaining() >= geometry.l2EntryBytes()) {
            long entry = part.getLong(part.position());
            part.position(part.position() + geometry.l2EntryBytes());
            if (!L2Entry.compressed(entry) && !geometry.aligned(L2Entry.offset(entry))) {
                throw OfflineRefcounts.corrupt("L2 entry " + Findings.hex(entry));
            }
            TableWalk.clusters(geometry, entry, cluster -> change(cluster, delta));
        }
    }

    private void change(long cluster, long delta) {
        if (cluster == 0 || refcounts.get(cluster) == 0) {
            throw OfflineRefcounts.corrupt("cluster " + cluster + " is used and free");
        }
        if (delta != 0) {
            refcounts.change(cluster, delta);
        }
    }

    private Mono<Void> flags(long l1Offset, long l1Entries, CopiedFlags.Mode mode) {
        return new CopiedFlags(file, header)
                .update(l1Offset, l1Entries, refcounts::get, mode)
                .then(Mono.defer(file::flush));
    }

    /** Copies an L1 table, without COPIED flags, to whole clusters of its own; the rest of them is zero. */
    private Mono<Void> copyL1(long from, long fromEntries, long to, long toEntries) {
        long bytes = geometry.roundUp(toEntries * 8);
        var position = new Object() {
            long at;
        };
        return bytes == 0
                ? Mono.empty()
                : Mono.defer(() ->
                                file.read(from + position.at, (int) Math.min(MetadataFile.CHUNK, bytes - position.at)))
                        .flatMap(part -> {
                            for (int i = 0; i < part.limit(); i += 8) {
                                boolean inside = position.at + i < fromEntries * 8;
                                part.putLong(i, inside ? part.getLong(i) & ~L2Entry.COPIED : 0);
                            }
                            long at = to + position.at;
                            position.at += part.limit();
                            return file.write(at, part);
                        })
                        .repeat(() -> position.at < bytes)
                        .then();
    }
}
