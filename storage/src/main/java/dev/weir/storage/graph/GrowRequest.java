package dev.weir.storage.graph;

import dev.weir.storage.BlockNode;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.StepRequest;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * Makes a node at least so long, does what it has to be so long for, and takes the growth back where that fails. Whoever
 * starts it holds everything locked from the former end on.
 */
final class GrowRequest extends StepRequest {
    private enum Step {
        NONE,
        GAP,
        GROWTH,
        WORK,
        TAKING_BACK
    }

    private final NodeLength length;
    private final GraphNode node;
    private final BlockDevice device;
    private final long from;
    private final long end;
    private final PreallocMode prealloc;
    private final Supplier<Mono<Void>> work;
    private final @Nullable Backend by;
    private Step step = Step.NONE;
    private long before;

    /** How long the steps that succeeded have made the device. */
    private long reached;

    private @Nullable Throwable failure;
    private boolean tookBack;

    /**
     * @param from where {@code prealloc} begins to matter
     * @param work comes when the device is long enough
     */
    GrowRequest(
            NodeLength length,
            GraphNode node,
            long from,
            long end,
            PreallocMode prealloc,
            Supplier<Mono<Void>> work,
            @Nullable Backend by,
            CoreSubscriber<? super Void> actual) {
        super(actual);
        this.length = length;
        this.node = node;
        this.device = node.device();
        this.from = from;
        this.end = end;
        this.prealloc = prealloc;
        this.work = work;
        this.by = by;
    }

    @Override
    @Nullable
    protected Mono<Void> next() throws Throwable {
        Throwable failed = failure;
        if (failed != null) {
            if (step != Step.TAKING_BACK && reached > before && device.length() == reached && alone(node)) {
                step = Step.TAKING_BACK;
                return Mono.defer(() -> device.truncate(before, PreallocMode.OFF));
            }
            tookBack = step == Step.TAKING_BACK && device.length() == before;
            throw failed;
        }
        switch (step) {
            case NONE:
                before = length.grow();
                reached = before;
                if (end > before && prealloc != PreallocMode.OFF && from > before) {
                    return grow(Step.GAP, from, PreallocMode.OFF);
                }
                break;
            case GAP:
                reached = from;
                break;
            case GROWTH:
                reached = end;
                break;
            default:
                return null;
        }
        if (end > reached) {
            return grow(Step.GROWTH, end, prealloc);
        }
        step = Step.WORK;
        return Mono.defer(work);
    }

    private Mono<Void> grow(Step next, long to, PreallocMode how) {
        step = next;
        return Mono.defer(() -> device.grow(Math.min(from, reached), to, how));
    }

    /** Whether nobody else uses the nodes below, who might have relied on their growth. */
    private static boolean alone(GraphNode node) {
        for (BlockNode child : node.device().children()) {
            if (!(child instanceof GraphNode below) || below.users().size() > 1 || !alone(below)) {
                return false;
            }
        }
        return true;
    }

    @Override
    protected boolean recover(Throwable cause) {
        if (cause == failure) {
            // What next() ends with.
            return false;
        }
        if (failure == null) {
            failure = cause;
        } else {
            failure.addSuppressed(cause);
        }
        return true;
    }

    @Override
    protected void ended() {
        if (tookBack) {
            length.tookBack();
        } else {
            length.changed(failure == null ? Math.max(end, before) : -1, by);
        }
    }
}
