package dev.weir.storage.graph;

import dev.weir.storage.BackingFile;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.DataChanges;
import dev.weir.storage.Extent;
import dev.weir.storage.Permission;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.ResidentReader;
import dev.weir.storage.WriteFlag;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** The user's end: each request is counted by a {@link BackendRequest} and goes through the {@link DrainGate}. */
final class Backend implements BlockBackend {
    private static final Logger log = LoggerFactory.getLogger(Backend.class);

    private final Permissions permissions;
    private final boolean writable;
    private final Mono<Void> closing;
    private final DrainedDevices devices;
    private final DrainGate gate;
    private final FileHold fileHold;
    /** Another one while no request is in flight, within a turn. */
    private volatile GraphNode node;

    private final LongAdder ownChanges = new LongAdder();
    private final Sinks.Empty<Void> abandoning = Sinks.empty();
    private volatile boolean abandoned;
    private volatile boolean hurried;
    private final ChangeListeners listening;
    private volatile @Nullable ChangeListener changeListener;
    private final List<FailureListener> failureListeners = new CopyOnWriteArrayList<>();
    private final ResizeListeners resizeListeners = new ResizeListeners();

    /**
     * @param listening what all backends of the graph share
     * @param fileHold nothing is held yet
     * @param detach gives the permissions back; subscribed once, when no request is in flight
     */
    Backend(
            GraphNode node,
            Permissions permissions,
            ChangeListeners listening,
            FileHold fileHold,
            Function<Backend, Mono<Void>> detach) {
        this.fileHold = fileHold;
        this.listening = listening;
        this.node = node;
        this.permissions = permissions;
        this.writable = permissions.used().contains(Permission.WRITE);
        this.devices = new DrainedDevices(this::node);
        this.gate = new DrainGate(this::drainChanged);
        this.closing = gate.close()
                .then(Mono.defer(() -> {
                    devices.end();
                    onChange(null);
                    return detach.apply(this);
                }))
                .cache();
    }

    private void drainChanged() {
        devices.follow(() -> hurried || gate.isDrained());
    }

    @Override
    public GraphNode node() {
        return node;
    }

    /** It uses this node from now on. */
    void node(GraphNode next) {
        node = next;
    }

    @Override
    public Permissions permissions() {
        return permissions;
    }

    @Override
    public int inFlight() {
        return gate.inFlight();
    }

    @Override
    public long length() {
        return node.length();
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return new BackendRead(this, offset, dst);
    }

    @Override
    public boolean showResident(long offset, int length, ResidentReader reader) {
        if (!gate.enter()) {
            return false;
        }
        try {
            return node.showResident(offset, length, reader);
        } catch (UncheckedIOException failure) {
            failed("read", Failures.of(failure, node.nodeName(), "read", offset));
            return true;
        } finally {
            gate.ended();
        }
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return new Write(this, offset, src, flags);
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return new BackendChange(this, "writeZeroes", offset) {
            @Override
            long length() {
                return length;
            }

            @Override
            void issue(CoreSubscriber<? super Void> request) {
                require(writable, Permission.WRITE);
                if (flags.contains(WriteFlag.GROW)) {
                    requireResize();
                    node.resizing().startZeroes(offset, length, flags, Backend.this, request);
                } else {
                    node.startWriteZeroes(offset, length, flags, request);
                }
            }
        };
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return new BackendChange(this, "discard", offset) {
            @Override
            long length() {
                return length;
            }

            @Override
            void issue(CoreSubscriber<? super Void> request) {
                require(writable, Permission.WRITE);
                node.startDiscard(offset, length, request);
            }
        };
    }

    @Override
    public Mono<Void> flush() {
        return new BackendMono<>(this, "flush", -1) {
            @Override
            void issue(CoreSubscriber<? super Void> request) {
                node.flushing().start(request);
            }

            @Override
            @Nullable
            Mono<Void> ended() {
                return listening.any() ? listening.flushed(Backend.this) : null;
            }
        };
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        return new BackendChange(this, "truncate", -1) {
            @Override
            long from() {
                return length;
            }

            @Override
            void issue(CoreSubscriber<? super Void> request) {
                requireResize();
                node.resizing().startTruncate(length, prealloc, Backend.this, request);
            }
        };
    }

    @Override
    public Mono<Void> grow(long from, long end, PreallocMode prealloc) {
        return new BackendChange(this, "grow", -1) {
            @Override
            long from() {
                return from;
            }

            @Override
            void issue(CoreSubscriber<? super Void> request) {
                requireResize();
                node.resizing().startGrow(from, end, prealloc, Backend.this, request);
            }
        };
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return new BackendMono<>(this, "blockStatus", offset) {
            @Override
            void issue(CoreSubscriber<? super Extent> request) {
                node.blockStatus(offset, length).subscribe(request);
            }
        };
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return new BackendMono<>(this, "allocatedBytes", -1) {
            @Override
            void issue(CoreSubscriber<? super Long> request) {
                node.allocatedBytes().subscribe(request);
            }
        };
    }

    @Override
    public DataChanges changesByOthers() {
        return NodeChanges.around(node, ownChanges.sum());
    }

    /** A request that changes data ended; as {@link BackendMono#ended}. */
    @Nullable
    Mono<Void> changed(long from, long length) {
        node.changes().ended();
        ownChanges.increment();
        return listening.any() ? listening.changed(this, from, length) : null;
    }

    private static final class Write extends BackendChange {
        private final ByteBuffer src;
        private final int length;
        private final Set<WriteFlag> flags;

        Write(Backend backend, long offset, ByteBuffer src, Set<WriteFlag> flags) {
            super(backend, "write", offset);
            this.src = src;
            this.length = src.remaining();
            this.flags = flags;
        }

        @Override
        long length() {
            return length;
        }

        @Override
        void issue(CoreSubscriber<? super Void> request) {
            backend.require(backend.writable, Permission.WRITE);
            if (flags.contains(WriteFlag.GROW)) {
                backend.requireResize();
                backend.node.resizing().startWrite(offset, src, flags, backend, request);
            } else {
                backend.node.startWrite(offset, src, flags, request);
            }
        }
    }

    @Override
    public void onChange(@Nullable ChangeListener listener) {
        synchronized (listening) {
            if ((listener == null) != (changeListener == null)) {
                listening.count(listener == null ? -1 : 1);
            }
            changeListener = listener;
        }
    }

    @Nullable
    ChangeListener changeListener() {
        return changeListener;
    }

    private void requireResize() {
        require(permissions.used().contains(Permission.RESIZE), Permission.RESIZE);
    }

    private void require(boolean held, Permission permission) {
        if (!held) {
            throw BlockException.of(
                    node.readOnly() || permission == Permission.WRITE
                            ? BlockErrorKind.READ_ONLY
                            : BlockErrorKind.ACCESS_DENIED,
                    "The user of node '" + node.nodeName() + "' does not hold the permission '" + permission.text()
                            + "'");
        }
    }

    /** A device at or below its node is another now. */
    void devicesChanged() {
        devices.changed();
    }

    @Override
    public Mono<BackingFile> holdFile() {
        return fileHold.begin(this::node);
    }

    @Override
    public void releaseFile() {
        fileHold.end();
    }

    FileHold fileHold() {
        return fileHold;
    }

    DrainGate gate() {
        return gate;
    }

    void resized(long length, boolean own) {
        resizeListeners.resized(node, length, own);
    }

    @Override
    public void onDrain(DrainListener listener) {
        gate.listener(listener);
    }

    @Override
    public void onResize(ResizeListener listener) {
        resizeListeners.add(listener);
    }

    @Override
    public Mono<Void> drainedBegin() {
        return gate.begin();
    }

    @Override
    public void drainedEnd() {
        gate.end();
    }

    @Override
    public Mono<Void> close() {
        return closing;
    }

    @Override
    public void onError(FailureListener listener) {
        failureListeners.add(listener);
    }

    /** A request failed. */
    void failed(String operation, Throwable failure) {
        node.counters().failed(operation, failure);
        if (failure instanceof BlockException told) {
            failureListeners.forEach(listener -> listener.failed(operation, told));
        }
    }

    @Override
    public void hurry() {
        hurried = true;
        devices.follow(() -> true);
    }

    @Override
    public void abandon() {
        abandoned = true;
        closing.subscribe(
                nothing -> {}, failure -> log.warn("Node {} could not be given back", node.nodeName(), failure));
        abandoning.tryEmitEmpty();
    }

    /** Completes when it is abandoned, or was. */
    Mono<Void> onAbandon() {
        return abandoning.asMono();
    }

    boolean abandoned() {
        return abandoned;
    }

    @Override
    public String toString() {
        return "backend of node '" + node.nodeName() + "'";
    }
}
