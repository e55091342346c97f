package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Puts the metadata that has changed on stable storage, in an order in which a crash at any moment leaks clusters at worst:
 * refcount blocks, the refcount table, the header that tells of it; then, when these and the data are stable, L2 tables; when
 * these are, the L1 table; and when that is, clusters lose the references that are gone.
 *
 * <p>What is written are copies that were made at one moment, so that changes may go on meanwhile. One commit runs at a time;
 * those who ask while one runs share the next.
 */
final class MetadataCommit {
    private static final int PARALLEL = 8;

    private final Metadata metadata;
    private final HostFile data;
    private @Nullable Mono<Void> running;
    private @Nullable Mono<Void> next;

    /** @param data where guest data lies: the external data file, or the same as the metadata */
    MetadataCommit(Metadata metadata, HostFile data) {
        this.metadata = metadata;
        this.data = data;
    }

    /** Puts on stable storage whatever completed before the subscription. */
    Mono<Void> run() {
        return Mono.defer(() -> {
            synchronized (this) {
                Mono<Void> before = running;
                // One that ended may not have told yet the next, which begins then.
                if (before == null && next == null) {
                    running = start();
                    return running;
                }
                if (before != null && next == null) {
                    next = before.onErrorComplete()
                            .then(Mono.defer(this::startNext))
                            .cache();
                }
                return next;
            }
        });
    }

    /** Leaves nothing to be written, and nothing under way, even where it fails. */
    Mono<Void> settle() {
        return writeAll()
                .onErrorResume(failure -> atRest().then(Mono.error(failure)))
                .then(Mono.defer(this::atRest))
                .then(Mono.defer(() -> metadata.file().trim(metadata.refcounts().end())));
    }

    private Mono<Void> writeAll() {
        return run().then(Mono.defer(() -> {
            boolean dirty;
            synchronized (metadata.lock()) {
                dirty = metadata.tables().dirty()
                        || metadata.refcounts().dirty()
                        || !metadata.freed().isEmpty();
            }
            return dirty ? writeAll() : Mono.empty();
        }));
    }

    private Mono<Void> atRest() {
        return data.atRest().then(metadata.file().atRest());
    }

    private Mono<Void> startNext() {
        synchronized (this) {
            next = null;
            running = start();
            return running;
        }
    }

    private Mono<Void> start() {
        // Before the next one, which subscribes to this, can begin.
        return Mono.defer(this::commit).doOnTerminate(this::ended).cache();
    }

    private synchronized void ended() {
        running = null;
    }

    private Mono<Void> commit() {
        List<TableWrite> blocks = new ArrayList<>();
        List<TableWrite> table = new ArrayList<>();
        List<TableWrite> slices = new ArrayList<>();
        List<TableWrite> l1 = new ArrayList<>();
        List<TableWrite> all = new ArrayList<>();
        List<FreedClusters.Range> freed = List.of();
        long movedTo = 0;
        int tableClusters = 0;
        synchronized (metadata.lock()) {
            Refcounts refcounts = metadata.refcounts();
            for (long[] replaced : refcounts.table().takeReplaced()) {
                metadata.freed().add(replaced[0], replaced[1], false);
            }
            @Nullable OutOfMemoryError failure = null;
            try {
                refcounts.takeBlocks(blocks);
                refcounts.table().take(table);
                metadata.tables().takeSlices(slices);
                metadata.tables().takeL1(metadata.header().l1Offset(), l1);
            } catch (OutOfMemoryError e) {
                failure = e;
            }
            all.addAll(blocks);
            all.addAll(table);
            all.addAll(slices);
            all.addAll(l1);
            if (failure != null) {
                putBack(all, freed);
                return Mono.error(BlockException.of(
                        BlockErrorKind.NO_MEMORY, "No memory for what has changed of the image's metadata", failure));
            }
            if (refcounts.table().moved()) {
                movedTo = refcounts.table().offset();
                tableClusters = refcounts.table().clusters();
            }
            freed = metadata.freed().take();
        }
        List<FreedClusters.Range> gone = freed;
        return write(blocks)
                .then(order(!blocks.isEmpty() && !table.isEmpty()))
                .then(write(table))
                .then(tell(movedTo, tableClusters))
                .then(order(!slices.isEmpty() || !l1.isEmpty()))
                .then(write(slices))
                .then(order(!l1.isEmpty()))
                .then(write(l1))
                .then(flush())
                .doOnError(failure -> putBack(all, gone))
                .doOnSuccess(nothing -> letGo(all))
                .then(Mono.defer(() -> release(gone)));
    }

    /** Where one fails, the others have ended too: a later commit may write the same tables. */
    private Mono<Void> write(List<TableWrite> writes) {
        return writes.isEmpty()
                ? Mono.empty()
                : Flux.fromIterable(writes)
                        // When it ends, none of them is under way: a copy that comes late would replace a later one.
                        .flatMapDelayError(this::write, PARALLEL, 1)
                        .then()
                        .onErrorMap(ImageRequest::first);
    }

    private Mono<Void> write(TableWrite write) {
        long end = write.at() + write.bytes().capacity();
        return metadata.file()
                .reserve(end)
                .then(Mono.defer(
                        () -> metadata.file().write(write.at(), write.bytes().clear())));
    }

    /** What comes after is written when what came before is stable. */
    private Mono<Void> order(boolean needed) {
        return needed ? Mono.defer(this::flush) : Mono.empty();
    }

    private Mono<Void> flush() {
        Mono<Void> file = metadata.file().flush();
        return data == metadata.file() ? file : data.flush().then(file);
    }

    /** @param offset where the refcount table has moved to, or 0 */
    private Mono<Void> tell(long offset, int clusters) {
        return offset == 0
                ? Mono.empty()
                : Mono.defer(this::flush)
                        .then(metadata.updateHeader(header -> header.withRefcountTable(offset, clusters)))
                        .doOnSuccess(nothing -> {
                            synchronized (metadata.lock()) {
                                metadata.refcounts().table().settled(offset);
                            }
                        });
    }

    private void putBack(List<TableWrite> writes, List<FreedClusters.Range> freed) {
        synchronized (metadata.lock()) {
            writes.forEach(write -> write.failed().run());
            writes.forEach(write -> write.ended().run());
            metadata.freed().putBack(freed);
            metadata.refcounts().evict();
        }
    }

    private void letGo(List<TableWrite> writes) {
        synchronized (metadata.lock()) {
            writes.forEach(write -> write.ended().run());
            metadata.refcounts().evict();
        }
    }

    /**
     * Nothing in the file refers to them any more, so they may be used again, when they have been discarded. What could not be
     * done is left to the next commit.
     */
    private Mono<Void> release(List<FreedClusters.Range> freed) {
        var left = new ArrayDeque<>(parts(freed));
        return Mono.defer(() -> {
                    FreedClusters.Range part = left.peek();
                    return part == null ? Mono.<Void>empty() : release(part).doOnSuccess(nothing -> left.remove());
                })
                .repeat(() -> !left.isEmpty())
                .then()
                .doOnError(failure -> {
                    synchronized (metadata.lock()) {
                        metadata.freed().putBack(List.copyOf(left));
                    }
                });
    }

    /** Ranges of clusters that have their refcounts in one block each: more at a time need not fit into the cache. */
    private List<FreedClusters.Range> parts(List<FreedClusters.Range> freed) {
        Geometry geometry = metadata.geometry();
        long unit = 1L << geometry.refcountBlockBits() + geometry.clusterBits();
        List<FreedClusters.Range> parts = new ArrayList<>();
        for (FreedClusters.Range range : freed) {
            long end = range.offset() + range.bytes();
            for (long at = range.offset(); at < end; ) {
                long stop = Math.min(end, (at & -unit) + unit);
                parts.add(new FreedClusters.Range(at, stop - at, range.discard()));
                at = stop;
            }
        }
        return parts;
    }

    private Mono<Void> release(FreedClusters.Range part) {
        Geometry geometry = metadata.geometry();
        long first = part.offset() >>> geometry.clusterBits();
        long end = first + (part.bytes() >>> geometry.clusterBits());
        return lastReferences(part, first, end)
                .then(metadata.runNow(() -> {
                    for (long cluster = first; cluster < end; cluster++) {
                        metadata.refcounts().decrement(cluster);
                    }
                    return true;
                }))
                .then();
    }

    /** Discards those clusters of the range that are about to lose their last reference. */
    private Mono<Void> lastReferences(FreedClusters.Range range, long first, long end) {
        if (!range.discard()) {
            return Mono.empty();
        }
        int bits = metadata.geometry().clusterBits();
        return metadata.runNow(() -> {
                    List<long[]> last = new ArrayList<>();
                    for (long cluster = first; cluster < end; cluster++) {
                        if (metadata.refcounts().get(cluster) != 1) {
                            continue;
                        }
                        int size = last.size();
                        if (size > 0 && last.get(size - 1)[1] == cluster) {
                            last.get(size - 1)[1]++;
                        } else {
                            last.add(new long[] {cluster, cluster + 1});
                        }
                    }
                    return last;
                })
                .flatMapMany(Flux::fromIterable)
                .concatMap(run -> discard(run[0] << bits, run[1] << bits))
                .then();
    }

    private Mono<Void> discard(long start, long stop) {
        return Mono.defer(() -> {
                    long end = Math.min(stop, metadata.file().length());
                    return start >= end
                            ? Mono.<Void>empty()
                            : metadata.file().node().discard(start, end - start);
                })
                .onErrorComplete();
    }
}
