package dev.weir.engine;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** The exports of an engine by id, and the ids that are taken. Any thread. */
final class BlockExportRegistry {
    private static final AtomicInteger GENERATED = new AtomicInteger();

    /** Empty for an id that is reserved by an export that is being started. */
    private final Map<String, Optional<BlockExport>> exports = new LinkedHashMap<>();

    private final CompletableFuture<Void> settled = new CompletableFuture<>();
    private boolean closed;

    /** Takes an id that nobody has in this process: engines may share a registry of meters. */
    synchronized String reserve() {
        String id;
        do {
            id = "export" + GENERATED.getAndIncrement();
        } while (exports.containsKey(id));
        reserve(id);
        return id;
    }

    synchronized void reserve(String id) {
        if (closed) {
            throw BlockException.of(BlockErrorKind.CLOSED, "the engine is shut down");
        }
        if (exports.putIfAbsent(id, Optional.empty()) != null) {
            throw BlockException.of(BlockErrorKind.INVALID, "Block export id '" + id + "' is already in use");
        }
    }

    /** @return false where the engine was closed meanwhile: the export has to go again */
    boolean add(BlockExport export) {
        boolean open;
        synchronized (this) {
            exports.replace(export.id(), Optional.of(export));
            open = !closed;
        }
        settle();
        return open;
    }

    void release(String id) {
        synchronized (this) {
            exports.remove(id);
        }
        settle();
    }

    synchronized Optional<BlockExport> find(String id) {
        return exports.getOrDefault(id, Optional.empty());
    }

    /** In the order in which they were added. */
    synchronized List<BlockExport> all() {
        var all = new ArrayList<BlockExport>();
        exports.values().forEach(export -> export.ifPresent(all::add));
        return all;
    }

    /**
     * Takes no more.
     *
     * @return completes when no export is being started any more: {@link #all} has those that are left
     */
    CompletableFuture<Void> close() {
        synchronized (this) {
            closed = true;
        }
        settle();
        return settled;
    }

    /** Not under the lock, which is not for whoever waits. */
    private void settle() {
        boolean done;
        synchronized (this) {
            done = closed && exports.values().stream().allMatch(Optional::isPresent);
        }
        if (done) {
            settled.complete(null);
        }
    }
}
