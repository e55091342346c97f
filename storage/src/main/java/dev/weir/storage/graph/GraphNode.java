package dev.weir.storage.graph;

import dev.weir.storage.BackingFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.Extent;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.ResidentReader;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.BouncePool;
import dev.weir.storage.spi.RangeLock;
import dev.weir.storage.spi.StepRequest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * The checked hop around one device. A request that fits the device goes to it with the subscriber that it came with;
 * only one that has to be changed gets a {@link StepRequest} in between.
 */
final class GraphNode implements BlockNode {
    private final String nodeName;
    private final String driverName;
    private final boolean implicit;
    private final BouncePool pool;
    private final NodeCounters counters = new NodeCounters();
    private final NodeChanges changes = new NodeChanges();
    private final RangeLock ranges = new RangeLock();
    private final List<NodeUser> users = new CopyOnWriteArrayList<>();
    private final NodeLength resizing;
    private final NodeFlush flushing = new NodeFlush(this);
    private volatile NodeState state;
    private volatile Permissions permissions = Permissions.NONE;
    private volatile boolean closed;

    /** @param implicit whether it was described in place by its parent, and goes with it */
    GraphNode(String nodeName, String driverName, NodeState state, boolean implicit, BouncePool pool) {
        this.nodeName = nodeName;
        this.driverName = driverName;
        this.state = state;
        this.implicit = implicit;
        this.pool = pool;
        this.resizing = new NodeLength(this, ranges);
    }

    @Override
    public String nodeName() {
        return nodeName;
    }

    @Override
    public String driverName() {
        return driverName;
    }

    @Override
    public boolean readOnly() {
        return state.options().readOnly();
    }

    @Override
    public BlockLimits limits() {
        return state.limits();
    }

    @Override
    public long length() {
        return resizing.bytes();
    }

    @Override
    public @Nullable BackingFile backingFile() {
        return device().backingFile();
    }

    NodeState state() {
        return state;
    }

    /** Within a turn, with no request in flight. */
    void state(NodeState next) {
        state = next;
    }

    BlockDevice device() {
        return state.device();
    }

    CommonOptions options() {
        return state.options();
    }

    NodeCounters counters() {
        return counters;
    }

    NodeChanges changes() {
        return changes;
    }

    /** Its length, and the requests that change it. */
    NodeLength resizing() {
        return resizing;
    }

    /** What it knows of flushes. */
    NodeFlush flushing() {
        return flushing;
    }

    boolean implicit() {
        return implicit;
    }

    List<NodeUser> users() {
        return users;
    }

    /** What all users together need and let others do. */
    Permissions permissions() {
        return permissions;
    }

    void permissions(Permissions granted) {
        permissions = granted;
    }

    /** Requests that arrive from now on fail. */
    void closed() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }

    static Mono<Void> operation(Consumer<CoreSubscriber<? super Void>> start) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                start.accept(actual);
            }
        };
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        // On the hot path, one object and not two.
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                startRead(offset, dst, actual);
            }
        };
    }

    @Override
    public void startRead(long offset, ByteBuffer dst, CoreSubscriber<? super Void> actual) {
        NodeState now = state;
        BlockLimits limits = now.limits();
        int length = dst.remaining();
        long end = length();
        if (closed || offset < 0 || offset > Alignment.up(end, limits.requestAlignment())) {
            fail(actual, closed ? BlockErrorKind.CLOSED : BlockErrorKind.OUT_OF_RANGE, "read", offset);
            return;
        }
        if (length > end - offset) {
            int inside = (int) Math.max(0, Math.min(length, Alignment.up(end, limits.requestAlignment()) - offset));
            Zeroes.fill(dst, dst.position() + inside, dst.limit());
            dst.limit(dst.position() + inside);
            length = inside;
        }
        counters.read(length);
        try {
            if (length == 0) {
                Operators.complete(actual);
            } else if (now.fits(offset, length, dst)) {
                now.device().startRead(offset, dst, actual);
            } else {
                new UnalignedRead(now.device(), limits, pool, offset, dst, actual).start();
            }
        } catch (RuntimeException | Error failure) {
            fail(actual, "read", offset, failure);
        }
    }

    @Override
    public boolean showResident(long offset, int length, ResidentReader reader) {
        if (closed
                || offset < 0
                || length > length() - offset
                || !state.device().showResident(offset, length, reader)) {
            return false;
        }
        counters.read(length);
        return true;
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                startWrite(offset, src, flags, actual);
            }
        };
    }

    @Override
    public void startWrite(long offset, ByteBuffer src, Set<WriteFlag> flags, CoreSubscriber<? super Void> actual) {
        int length = src.remaining();
        if (flags.contains(WriteFlag.GROW)) {
            resizing.startWrite(offset, src, flags, null, actual);
            return;
        } else if (refused("write", offset, length, actual)) {
            return;
        } else if (length == 0) {
            Operators.complete(actual);
            return;
        }
        NodeState now = state;
        CommonOptions options = now.options();
        if (options.detectZeroes() != CommonOptions.DetectZeroes.OFF && Zeroes.isZero(src)) {
            startZeroes(offset, length, options.detected(flags), actual);
            return;
        }
        counters.write(offset, length);
        try {
            if (!now.aligned()) {
                unalignedWrite(offset, src, flags, actual)
                        .start(ranges, blockStart(offset), blockEnd(offset + length), now.partial(offset, length));
            } else if (now.fits(offset, length, src)) {
                now.device().startWrite(offset, src, flags, actual);
            } else {
                unalignedWrite(offset, src, flags, actual).start();
            }
        } catch (RuntimeException | Error failure) {
            fail(actual, "write", offset, failure);
        }
    }

    /** A part of a request that was checked and holds the lock. */
    Mono<Void> writeLocked(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return operation(actual -> unalignedWrite(offset, src, flags, actual).start());
    }

    private UnalignedWrite unalignedWrite(
            long offset, ByteBuffer src, Set<WriteFlag> flags, CoreSubscriber<? super Void> actual) {
        NodeState now = state;
        return new UnalignedWrite(now.device(), now.limits(), pool, offset, src, flags, actual);
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return operation(actual -> {
            if (flags.contains(WriteFlag.GROW)) {
                resizing.startZeroes(offset, length, flags, null, actual);
            } else {
                startWriteZeroes(offset, length, flags, actual);
            }
        });
    }

    void startWriteZeroes(long offset, long length, Set<WriteFlag> flags, CoreSubscriber<? super Void> actual) {
        if (!refused("writeZeroes", offset, length, actual)) {
            startZeroes(offset, length, flags, actual);
        }
    }

    private void startZeroes(long offset, long length, Set<WriteFlag> flags, CoreSubscriber<? super Void> actual) {
        counters.zero(offset, length);
        NodeState now = state;
        var request = new ZeroRequest(this, offset, length, now.options().permitted(flags), actual);
        if (now.aligned()) {
            request.start();
        } else {
            request.start(ranges, blockStart(offset), blockEnd(offset + length), now.partial(offset, length));
        }
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return operation(actual -> startDiscard(offset, length, actual));
    }

    void startDiscard(long offset, long length, CoreSubscriber<? super Void> actual) {
        if (refused("discard", offset, length, actual)) {
            return;
        }
        NodeState now = state;
        int alignment = Math.max(now.limits().requestAlignment(), now.limits().zeroAlignment());
        long from = Alignment.up(offset, alignment);
        long to = Alignment.down(offset + length, alignment);
        counters.discard(length);
        if (!now.options().discardUnmap() || from >= to) {
            Operators.complete(actual);
            return;
        }
        var request = SingleStep.ignoringUnsupported(() -> now.device().discard(from, to - from), actual);
        if (now.aligned()) {
            request.start();
        } else {
            request.start(ranges, from, to, false);
        }
    }

    @Override
    public Mono<Void> flush() {
        return operation(flushing::start);
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        return operation(actual -> resizing.startTruncate(length, prealloc, null, actual));
    }

    @Override
    public Mono<Void> grow(long from, long end, PreallocMode prealloc) {
        return operation(actual -> resizing.startGrow(from, end, prealloc, null, actual));
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return Mono.defer(() -> {
            long end = length();
            if (closed || offset < 0 || length < 1 || offset >= end) {
                BlockErrorKind kind = closed ? BlockErrorKind.CLOSED : BlockErrorKind.OUT_OF_RANGE;
                return Mono.error(BlockException.failed(kind, nodeName, "blockStatus", offset, null));
            }
            long to = offset + Math.min(length, end - offset);
            long from = blockStart(offset);
            return device().blockStatus(from, Math.min(blockEnd(to), end) - from)
                    .map(extent -> extent.end() <= offset
                            ? Extent.data(offset, Math.min(to, blockEnd(offset + 1)) - offset)
                            : new Extent(offset, Math.min(to, extent.end()) - offset, extent.data(), extent.zero()));
        });
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return Mono.defer(() -> closed
                ? Mono.error(BlockException.failed(BlockErrorKind.CLOSED, nodeName, "allocatedBytes", -1, null))
                : device().allocatedBytes());
    }

    /** Whether a request that changes data must not go on; the subscriber has got the error then. */
    private boolean refused(String operation, long offset, long length, CoreSubscriber<? super Void> actual) {
        BlockErrorKind kind;
        if (closed) {
            kind = BlockErrorKind.CLOSED;
        } else if (readOnly()) {
            kind = BlockErrorKind.READ_ONLY;
        } else if (offset < 0 || length < 0 || length > length() - offset) {
            kind = BlockErrorKind.OUT_OF_RANGE;
        } else {
            return false;
        }
        fail(actual, kind, operation, offset);
        return true;
    }

    long blockStart(long offset) {
        return Alignment.down(offset, limits().requestAlignment());
    }

    private long blockEnd(long end) {
        return Alignment.up(end, limits().requestAlignment());
    }

    void fail(CoreSubscriber<?> actual, BlockErrorKind kind, String operation, long offset) {
        Operators.error(actual, BlockException.failed(kind, nodeName, operation, offset, null));
    }

    void fail(CoreSubscriber<?> actual, String operation, long offset, Throwable failure) {
        Operators.error(actual, Failures.of(failure, nodeName, operation, offset));
    }
}
