package dev.weir.storage.qcow2;

import java.util.HashSet;
import java.util.Set;
import reactor.core.publisher.Mono;

/** Reads the refcount table of an image, and what its blocks count; whatever they contain. */
final class RefcountReader {
    private final MetadataFile file;
    private final Qcow2Header header;
    private final Geometry geometry;
    private final RefcountMap counts = new RefcountMap();
    private final Set<Long> read = new HashSet<>();
    private final long[] table;
    private boolean sound = true;

    RefcountReader(MetadataFile file, Qcow2Header header) {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.table = new long[(int) ((header.refcountTableClusters() & 0xffffffffL) * geometry.clusterSize() / 8)];
    }

    /** The entries as they stand there. */
    long[] table() {
        return table;
    }

    /** What the sound blocks count. */
    RefcountMap counts() {
        return counts;
    }

    /** Whether every block that the table names can be one. */
    boolean sound() {
        return sound;
    }

    Mono<Void> readTable() {
        return file.scan(header.refcountTableOffset(), table.length * 8L, (offset, part) -> {
            int at = (int) (offset - header.refcountTableOffset()) / 8;
            while (part.hasRemaining()) {
                table[at++] = part.getLong();
            }
        });
    }

    /** @param end the first cluster of no interest */
    Mono<Void> readBlocks(long end) {
        var position = new Object() {
            int next = 0;
        };
        long blocks = Math.min(table.length, end - 1 >> geometry.refcountBlockBits()) + 1;
        return Mono.defer(() -> {
                    int block = position.next;
                    while (block < table.length && table[block] == 0) {
                        block++;
                    }
                    position.next = block + 1;
                    return block < Math.min(blocks, table.length) ? readBlock(block, end) : Mono.empty();
                })
                .repeat(() -> position.next < Math.min(blocks, table.length))
                .then();
    }

    private Mono<Void> readBlock(int block, long end) {
        long offset = table[block] & ~L2Entry.REFCOUNT_TABLE_RESERVED;
        sound &= offset == table[block];
        if (!geometry.aligned(offset) || offset < 0 || offset >= file.length()) {
            sound = false;
            return Mono.empty();
        }
        if (!read.add(offset)) {
            sound = false;
        }
        long start = (long) block << geometry.refcountBlockBits();
        int order = geometry.refcountOrder();
        return file.scan(offset, geometry.clusterSize(), (at, part) -> {
            long first = start + ((at - offset) * 8 >>> order);
            int entries = (int) Math.min((long) part.remaining() * 8 >>> order, end - first);
            for (int i = 0; i < entries; i++) {
                long count = RefcountCodec.get(part, i, order);
                if (count != 0) {
                    // No image has that many references.
                    counts.set(first + i, count < 0 ? Long.MAX_VALUE : count);
                }
            }
        });
    }
}
