package dev.weir.engine;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The event loops of an engine by id; the first is for exports that name none, and stays. Any thread. */
final class IoThreads {
    private final Map<String, IoThread> threads = new LinkedHashMap<>();
    private boolean closed;

    synchronized IoThread add(String id, int pollMaxNanos) {
        if (closed) {
            throw BlockException.of(BlockErrorKind.CLOSED, "the engine is shut down");
        }
        if (threads.containsKey(id)) {
            throw BlockException.of(BlockErrorKind.INVALID, "iothread \"" + id + "\" is there already");
        }
        var thread = new IoThread(id, pollMaxNanos);
        threads.put(id, thread);
        return thread;
    }

    synchronized List<IoThread> all() {
        return List.copyOf(threads.values());
    }

    /** Threads for an export, which gives them back with {@link #release}; the first for an empty list. */
    synchronized List<IoThread> use(List<String> ids) {
        var used = new ArrayList<IoThread>();
        if (ids.isEmpty()) {
            used.add(threads.values().iterator().next());
        }
        for (String id : ids) {
            IoThread thread = threads.get(id);
            if (thread == null) {
                throw BlockException.of(BlockErrorKind.NOT_FOUND, "iothread \"" + id + "\" not found");
            }
            used.add(thread);
        }
        used.forEach(thread -> thread.users++);
        return used;
    }

    synchronized void release(List<IoThread> used) {
        used.forEach(thread -> thread.users--);
    }

    /** Ends a thread that no export uses. */
    Mono<Void> remove(String id) {
        return Mono.defer(() -> {
            synchronized (this) {
                IoThread thread = threads.get(id);
                if (thread == null) {
                    throw BlockException.of(BlockErrorKind.NOT_FOUND, "iothread \"" + id + "\" not found");
                }
                if (thread.users > 0 || thread == threads.values().iterator().next()) {
                    throw BlockException.of(BlockErrorKind.BUSY, "iothread \"" + id + "\" is in use");
                }
                threads.remove(id);
                return thread.stop();
            }
        });
    }

    /** Ends them all; there are no new ones. */
    Mono<Void> stop() {
        return Flux.defer(() -> {
                    synchronized (this) {
                        closed = true;
                        return Flux.fromIterable(all());
                    }
                })
                .flatMapDelayError(IoThread::stop, 64, 64)
                .then();
    }
}
