package dev.weir.storage.qcow2;

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
                if (running == null) {
                    running = start();
                    return running;
                }
                if (next == null) {
                    next = running.onErrorComplete()
                            .then(Mono.defer(this::startNext))
                            .cache();
                }
                return next;
            }
        });
    }

    /** Leaves nothing to be written. */
    Mono<Void> settle() {
        return run().then(Mono.defer(() -> {
            boolean dirty;
            synchronized (metadata.lock()) {
                dirty = metadata.tables().dirty()
                        || metadata.refcounts().dirty()
                        || !metadata.freed().isEmpty();
            }
            return dirty ? settle() : metadata.file().trim(metadata.refcounts().end());
        }));
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
        List<TableWrite> blocks;
        List<TableWrite> table;
        List<TableWrite> slices;
        List<TableWrite> l1;
        List<FreedClusters.Range> freed;
        long movedTo = 0;
        int tableClusters = 0;
        synchronized (metadata.lock()) {
            Refcounts refcounts = metadata.refcounts();
            for (long[] replaced : refcounts.takeReplaced()) {
                metadata.freed().add(replaced[0], replaced[1], false);
            }
            blocks = refcounts.takeBlocks();
            table = refcounts.takeTable();
            if (refcounts.moved()) {
                movedTo = refcounts.tableOffset();
                tableClusters = refcounts.tableClusters();
            }
            slices = metadata.tables().takeSlices();
            l1 = metadata.tables().takeL1(metadata.header().l1Offset());
            freed = metadata.freed().take();
        }
        List<TableWrite> all = new ArrayList<>();
        all.addAll(blocks);
        all.addAll(table);
        all.addAll(slices);
        all.addAll(l1);
        return write(blocks)
                .then(order(!blocks.isEmpty() && !table.isEmpty()))
                .then(write(table))
                .then(tell(movedTo, tableClusters))
                .then(order(!slices.isEmpty() || !l1.isEmpty()))
                .then(write(slices))
                .then(order(!l1.isEmpty()))
                .then(write(l1))
                .then(flush())
                .doOnError(failure -> putBack(all, freed))
                .doOnSuccess(nothing -> letGo(all))
                .then(Mono.defer(() -> release(freed)));
    }

    private Mono<Void> write(List<TableWrite> writes) {
        return writes.isEmpty()
                ? Mono.empty()
                : Flux.fromIterable(writes)
                        .flatMap(
                                write -> {
                                    long end = write.at() + write.bytes().capacity();
                                    return metadata.file()
                                            .reserve(end)
                                            .then(Mono.defer(() -> metadata.file()
                                                    .write(
                                                            write.at(),
                                                            write.bytes().clear())));
                                },
                                PARALLEL)
                        .then();
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
                                metadata.refcounts().settled(offset);
                            }
                        });
    }

    private void putBack(List<TableWrite> writes, List<FreedClusters.Range> freed) {
        synchronized (metadata.lock()) {
            writes.forEach(write -> write.failed().run());
            writes.forEach(write -> write.ended().run());
            metadata.freed().putBack(freed);
        }
    }

    private void letGo(List<TableWrite> writes) {
        synchronized (metadata.lock()) {
            writes.forEach(write -> write.ended().run());
        }
    }

    /** Nothing in the file refers to them any more, so they may be used again, when they have been discarded. */
    private Mono<Void> release(List<FreedClusters.Range> freed) {
        return Flux.fromIterable(freed).concatMap(this::release).then();
    }

    private Mono<Void> release(FreedClusters.Range range) {
        Geometry geometry = metadata.geometry();
        long first = range.offset() >>> geometry.clusterBits();
        long count = range.bytes() >>> geometry.clusterBits();
        return lastReferences(range, first, count)
                .thenMany(Flux.range(0, Math.toIntExact(count)))
                .concatMap(i -> metadata.runNow(() -> {
                    metadata.refcounts().decrement(first + i);
                    return true;
                }))
                .then();
    }

    /** Discards those clusters of the range that are about to lose their last reference. */
    private Mono<Void> lastReferences(FreedClusters.Range range, long first, long count) {
        if (!range.discard()) {
            return Mono.empty();
        }
        int bits = metadata.geometry().clusterBits();
        return metadata.runNow(() -> {
                    List<long[]> last = new ArrayList<>();
                    for (long cluster = first; cluster < first + count; cluster++) {
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
                .concatMap(run -> metadata.file()
                        .node()
                        .discard(
                                run[0] << bits,
                                Math.min(run[1] << bits, metadata.file().length()) - (run[0] << bits))
                        .onErrorComplete())
                .then();
    }
}
