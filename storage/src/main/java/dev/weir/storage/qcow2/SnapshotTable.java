package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockIo;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import reactor.core.publisher.Mono;

/**
 * The table of internal snapshots. Where the L1 tables of the snapshots are is not validated: see
 * {@link Snapshot#requireSound}.
 */
record SnapshotTable(List<Snapshot> snapshots) {
    static final long MAX_BYTES = 64L << 20;
    static final int MAX_COUNT = HeaderParser.MAX_SNAPSHOTS;

    SnapshotTable {
        snapshots = List.copyOf(snapshots);
    }

    /**
     * Reads the table that the header names, in parts. Fails with {@link BlockErrorKind#INVALID_FORMAT} where it is too
     * large or lies past the end of the file.
     */
    static Mono<SnapshotTable> read(BlockIo file, Qcow2Header header) {
        return read(new MetadataFile(file), header);
    }

    static Mono<SnapshotTable> read(MetadataFile file, Qcow2Header header) {
        if (header.snapshotCount() == 0) {
            return Mono.just(new SnapshotTable(List.of()));
        }
        return Mono.defer(() -> {
            Reading reading = new Reading(header);
            return Mono.defer(() -> file.read(reading.at, reading.bytes(file.length())))
                    .doOnNext(reading::take)
                    .repeat(reading::more)
                    .then(Mono.fromSupplier(() -> new SnapshotTable(reading.snapshots)));
        });
    }

    /** The bytes of the table, at most {@link #MAX_BYTES}. */
    long bytes() {
        long bytes = 0;
        for (Snapshot snapshot : snapshots) {
            bytes = aligned(bytes) + snapshot.length();
        }
        return bytes;
    }

    /** Writes the table; the caller flushes. */
    Mono<Void> write(MetadataFile file, long offset) {
        return Mono.defer(() -> {
            var position = new Object() {
                int next;
                long at = offset;
            };
            return Mono.defer(() -> {
                        ByteBuffer part = file.buffer(MetadataFile.CHUNK);
                        while (position.next < snapshots.size()
                                && snapshots.get(position.next).length() + 8 <= part.remaining()) {
                            snapshots.get(position.next++).put(part);
                            while (position.next < snapshots.size() && part.position() % 8 != 0) {
                                part.put((byte) 0);
                            }
                        }
                        part.flip();
                        long at = position.at;
                        position.at += part.remaining();
                        return part.hasRemaining() ? file.write(at, part) : Mono.empty();
                    })
                    .repeat(() -> position.next < snapshots.size())
                    .then();
        });
    }

    /** By id, or else by name. */
    Optional<Snapshot> find(String idOrName) {
        return snapshots.stream()
                .filter(snapshot -> snapshot.id().equals(idOrName))
                .findFirst()
                .or(() -> snapshots.stream()
                        .filter(snapshot -> snapshot.name().equals(idOrName))
                        .findFirst());
    }

    /** As {@link #find}; fails with {@link BlockErrorKind#NOT_FOUND}. */
    Snapshot require(String idOrName) {
        return find(idOrName)
                .orElseThrow(() ->
                        BlockException.of(BlockErrorKind.NOT_FOUND, "Snapshot '" + idOrName + "' could not be found"));
    }

    private static long aligned(long bytes) {
        return bytes + 7 & ~7L;
    }

    private static final class Reading {
        private final List<Snapshot> snapshots = new ArrayList<>();
        private final int count;
        private final long start;
        private long at;

        Reading(Qcow2Header header) {
            this.count = header.snapshotCount();
            this.start = header.snapshotsOffset();
            this.at = start;
        }

        boolean more() {
            return snapshots.size() < count;
        }

        int bytes(long fileLength) {
            long bytes = Math.min(MetadataFile.CHUNK, fileLength - at);
            if (bytes < Snapshot.FIXED) {
                throw HeaderParser.invalid("Snapshot table exceeds the file");
            }
            return (int) bytes;
        }

        /** Takes the entries that are wholly in the part. */
        void take(ByteBuffer part) {
            int limit = part.limit();
            boolean any = false;
            while (more() && part.remaining() >= Snapshot.FIXED) {
                int length = Snapshot.length(part);
                if (at - start + length > MAX_BYTES) {
                    throw HeaderParser.invalid("Snapshot table is too large");
                }
                if (length > part.remaining()) {
                    break;
                }
                int from = part.position();
                snapshots.add(Snapshot.take(part));
                any = true;
                long next = aligned(at + length);
                part.position((int) Math.min(limit, from + next - at));
                at = next;
            }
            if (!any) {
                throw HeaderParser.invalid("Snapshot table exceeds the file");
            }
        }
    }
}
