package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.RangeLock;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/**
 * The length of a node, and the requests that change it, one after the other. A growth is seen when what it is for has
 * succeeded, and not before: until then it can be taken back without harm to anybody.
 */
final class NodeLength {
    private final GraphNode node;
    private final RangeLock ranges;
    private final AtomicLong reported;

    /** Beyond this the device's length is not settled, or was taken back. Written under the lock. */
    private volatile long settled = Long.MAX_VALUE;

    /** Whether a request of this node is changing the length, and reports it when it ends; under the lock. */
    private boolean changing;

    NodeLength(GraphNode node, RangeLock ranges) {
        this.node = node;
        this.ranges = ranges;
        this.reported = new AtomicLong(node.device().length());
    }

    long bytes() {
        // In this order: what is not settled was said to be so before the device grew.
        long length = node.device().length();
        return Math.min(length, settled);
    }

    /** One after the other, in the order of arrival; where the device has blocks also after the writes past the new end. */
    void startTruncate(long length, PreallocMode prealloc, @Nullable Backend by, CoreSubscriber<? super Void> actual) {
        if (refused("truncate", length, 0, actual)) {
            return;
        }
        Supplier<Mono<Void>> step = () -> {
            change();
            return Mono.defer(() -> truncateNow(length, prealloc));
        };
        SingleStep.ending(step, () -> changed(length, by), failure -> changed(-1, null), actual)
                .start(ranges, node.blockStart(Math.min(length, node.device().length())), Long.MAX_VALUE, true);
    }

    private Mono<Void> truncateNow(long length, PreallocMode prealloc) {
        if (prealloc != PreallocMode.OFF && length < node.device().length()) {
            return Mono.error(BlockException.of(
                    BlockErrorKind.INVALID,
                    "Preallocation can't be used for shrinking node '" + node.nodeName() + "'"));
        }
        return node.device().truncate(length, prealloc);
    }

    void startGrow(
            long from, long end, PreallocMode prealloc, @Nullable Backend by, CoreSubscriber<? super Void> actual) {
        if (!refused("grow", from, end - from, actual)) {
            new GrowRequest(this, node, from, end, prealloc, Mono::empty, by, actual)
                    .start(ranges, node.blockStart(bytes()), Long.MAX_VALUE, true);
        }
    }

    /** A write with {@link WriteFlag#GROW}. */
    void startWrite(
            long offset,
            ByteBuffer src,
            Set<WriteFlag> flags,
            @Nullable Backend by,
            CoreSubscriber<? super Void> actual) {
        int bytes = src.remaining();
        CommonOptions options = node.options();
        if (options.detectZeroes() != CommonOptions.DetectZeroes.OFF && Zeroes.isZero(src)) {
            startZeroes(offset, bytes, options.detected(flags), by, actual);
        } else if (!refused("write", offset, bytes, actual)) {
            node.counters().write(offset, bytes);
            start(offset, bytes, () -> node.writeLocked(offset, src, withoutGrow(flags)), by, actual);
        }
    }

    /** A {@code writeZeroes} with {@link WriteFlag#GROW}. */
    void startZeroes(
            long offset, long bytes, Set<WriteFlag> flags, @Nullable Backend by, CoreSubscriber<? super Void> actual) {
        if (!refused("writeZeroes", offset, bytes, actual)) {
            node.counters().zero(offset, bytes);
            Set<WriteFlag> permitted = node.options().permitted(withoutGrow(flags));
            Mono<Void> work = new Mono<>() {
                @Override
                public void subscribe(CoreSubscriber<? super Void> inner) {
                    new ZeroRequest(node, offset, bytes, permitted, inner).start();
                }
            };
            start(offset, bytes, () -> work, by, actual);
        }
    }

    private void start(
            long offset,
            long bytes,
            Supplier<Mono<Void>> work,
            @Nullable Backend by,
            CoreSubscriber<? super Void> actual) {
        if (bytes == 0) {
            Operators.complete(actual);
            return;
        }
        long end = offset + bytes;
        new GrowRequest(this, node, end, end, PreallocMode.OFF, work, by, actual)
                .start(ranges, node.blockStart(Math.min(offset, bytes())), Long.MAX_VALUE, true);
    }

    private static Set<WriteFlag> withoutGrow(Set<WriteFlag> flags) {
        Set<WriteFlag> others = EnumSet.noneOf(WriteFlag.class);
        others.addAll(flags);
        others.remove(WriteFlag.GROW);
        return others;
    }

    /** Whether the length must not become {@code offset + bytes}; the subscriber has got the error then. */
    private boolean refused(String operation, long offset, long bytes, CoreSubscriber<? super Void> actual) {
        BlockErrorKind kind;
        if (node.isClosed()) {
            kind = BlockErrorKind.CLOSED;
        } else if (node.readOnly()) {
            kind = BlockErrorKind.READ_ONLY;
        } else if (offset < 0 || bytes < 0 || bytes > Long.MAX_VALUE - offset) {
            kind = BlockErrorKind.INVALID;
        } else {
            return false;
        }
        node.fail(actual, kind, operation, -1);
        return true;
    }

    /** A truncation begins. */
    private synchronized void change() {
        changing = true;
    }

    /** A growth begins: nobody sees more than what there is now, which is returned. */
    synchronized long grow() {
        changing = true;
        long length = node.device().length();
        settled = length;
        return length;
    }

    /** A growth was taken back. What was let through on its account meets the former length. */
    synchronized void tookBack() {
        changing = false;
    }

    /**
     * A change ended.
     *
     * @param length what was asked for, by {@code by}; or negative where nothing was achieved
     */
    void changed(long length, @Nullable Backend by) {
        synchronized (this) {
            changing = false;
            settled = Long.MAX_VALUE;
        }
        report(length, by);
    }

    /** The node below was resized, on somebody's behalf. */
    void resizedBelow() {
        synchronized (this) {
            if (changing) {
                return;
            }
            settled = Long.MAX_VALUE;
        }
        report(-1, null);
    }

    /** Tells all users above, once for each length. */
    private void report(long expected, @Nullable Backend by) {
        long length = bytes();
        if (reported.getAndSet(length) == length) {
            return;
        }
        for (NodeUser user : node.users()) {
            Backend backend = user.backend();
            GraphNode parent = user.parent();
            if (backend != null) {
                backend.resized(length, backend == by && length == expected);
            } else if (parent != null) {
                parent.resizing().resizedBelow();
            }
        }
    }
}
