package dev.weir.storage.qcow2;

import dev.weir.storage.BlockIo;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Writes the tables of a new image, piece by piece: they may be large where it is preallocated. */
final class NewTables {
    private static final int PIECE = 1 << 20;

    private final CreateOptions options;
    private final Geometry geometry;
    private final NewLayout layout;

    NewTables(CreateOptions options, NewLayout layout) {
        this.options = options;
        this.geometry = options.geometry();
        this.layout = layout;
    }

    /** Puts one entry of a table. */
    private interface Filler {
        void fill(ByteBuffer piece, long firstEntry);
    }

    /** Tables that are empty are left alone: the file reads as zero there. */
    Mono<Void> write(BlockIo file) {
        long block = layout.firstRefcountBlock();
        int entry = geometry.l2EntryBytes();
        return Flux.concat(
                        write(file, 1, layout.refcountTableClusters(), 8, (piece, first) -> {
                            for (long i = first; piece.hasRemaining(); i++) {
                                piece.putLong(i < layout.refcountBlocks() ? offset(block + i) : 0);
                            }
                        }),
                        write(file, block, layout.refcountBlocks(), 1, this::fillRefcounts),
                        write(
                                file,
                                layout.firstL1(),
                                layout.l2Tables() == 0 ? 0 : layout.l1Clusters(),
                                8,
                                (piece, first) -> {
                                    for (long i = first; piece.hasRemaining(); i++) {
                                        piece.putLong(
                                                i < layout.l2Tables()
                                                        ? L2Entry.COPIED | offset(layout.firstL2() + i)
                                                        : 0);
                                    }
                                }),
                        write(file, layout.firstL2(), layout.l2Tables(), entry, this::fillL2))
                .then();
    }

    private Mono<Void> write(BlockIo file, long cluster, long clusters, int entryBytes, Filler filler) {
        long start = offset(cluster);
        long bytes = offset(clusters);
        if (bytes == 0) {
            return Mono.empty();
        }
        return Mono.defer(() -> {
            ByteBuffer piece = ByteBuffer.allocateDirect((int) Math.min(PIECE, bytes));
            return Flux.<Long, Long>generate(() -> 0L, (at, sink) -> {
                        if (at < bytes) {
                            sink.next(at);
                        } else {
                            sink.complete();
                        }
                        return at + piece.capacity();
                    })
                    .concatMap(
                            at -> {
                                piece.clear().limit((int) Math.min(piece.capacity(), bytes - at));
                                filler.fill(piece, at / entryBytes);
                                return file.write(start + at, piece.flip(), WriteFlag.NONE);
                            },
                            1)
                    .then();
        });
    }

    private long offset(long cluster) {
        return cluster << geometry.clusterBits();
    }

    /** The blocks lie one after the other, and so do the refcounts in them. */
    private void fillRefcounts(ByteBuffer piece, long firstByte) {
        int bits = geometry.refcountBits();
        for (long at = firstByte; piece.hasRemaining(); at++) {
            int value = 0;
            if (bits >= 8) {
                // Big endian: the last byte has the 1.
                int width = bits / 8;
                value = at % width == width - 1 && at / width < layout.clusters() ? 1 : 0;
            } else {
                // The first one has the lowest bits.
                long first = at * 8 / bits;
                for (int i = 0; i < 8 / bits && first + i < layout.clusters(); i++) {
                    value |= 1 << i * bits;
                }
            }
            piece.put((byte) value);
        }
    }

    /**
     * Subclusters are not allocated yet, although their cluster is: they read as what the backing file has. A raw data file is
     * the disk, and all of it counts.
     */
    private void fillL2(ByteBuffer piece, long first) {
        long base = options.dataFile() == null ? layout.firstData() : 0;
        for (long i = first; piece.hasRemaining(); i++) {
            boolean there = i < layout.guestClusters();
            piece.putLong(there ? L2Entry.COPIED | offset(base + i) : 0);
            if (geometry.extendedL2()) {
                piece.putLong(there && options.rawDataFile() ? L2Entry.bitmap(L2Entry.ALL, 0) : 0);
            }
        }
    }
}
