package dev.weir.storage.qcow2;

import java.util.function.LongConsumer;
import reactor.core.publisher.Mono;

/** Goes through the tables by which an image finds its clusters. */
final class TableWalk {
    private TableWalk() {}

    /** The entries of an L1 table that are not 0. */
    static Mono<Void> l1(MetadataFile file, long offset, long entries, LongConsumer entry) {
        return file.scan(offset, entries * 8, (at, part) -> {
            while (part.hasRemaining()) {
                long value = part.getLong();
                if (value != 0) {
                    entry.accept(value);
                }
            }
        });
    }

    /** Does something for each of some tables, one after the other. */
    static Mono<Void> each(long[] offsets, TableAction action) {
        var position = new Object() {
            int next;
        };
        return offsets.length == 0
                ? Mono.empty()
                : Mono.defer(() -> action.apply(offsets[position.next++]))
                        .repeat(() -> position.next < offsets.length)
                        .then();
    }

    interface TableAction {
        Mono<Void> apply(long offset);
    }

    interface ClusterConsumer {
        void accept(long cluster);
    }

    /** The clusters of the image's file that an L2 entry refers to. */
    static void clusters(Geometry geometry, long entry, ClusterConsumer cluster) {
        int bits = geometry.clusterBits();
        if (L2Entry.compressed(entry)) {
            long offset = L2Entry.compressedOffset(entry, bits);
            long last = offset + L2Entry.compressedBytes(entry, bits) - 1 >>> bits;
            for (long at = offset >>> bits; at <= last; at++) {
                cluster.accept(at);
            }
        } else if (L2Entry.offset(entry) != 0) {
            cluster.accept(L2Entry.offset(entry) >>> bits);
        }
    }
}
