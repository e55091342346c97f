package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.StepRequest;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * A {@code writeZeroes}: the device zeroes the part that is aligned for it; then the edges, or all of it where the device
 * cannot, are written as buffers of zeroes. Whoever starts it holds the range locked where the device has blocks.
 */
final class ZeroRequest extends StepRequest {
    private final GraphNode node;
    private final long alignedStart;
    private final long alignedEnd;
    private final long end;
    private final Set<WriteFlag> flags;
    private long at;
    private boolean deviceCan;
    private boolean asked;
    private boolean asking;

    ZeroRequest(GraphNode node, long offset, long length, Set<WriteFlag> flags, CoreSubscriber<? super Void> actual) {
        super(actual);
        int alignment = Math.max(node.limits().requestAlignment(), node.limits().zeroAlignment());
        this.node = node;
        this.at = offset;
        this.end = offset + length;
        this.alignedStart = Alignment.up(offset, alignment);
        this.alignedEnd = Alignment.down(end, alignment);
        this.flags = flags;
        this.deviceCan = alignedStart < alignedEnd;
    }

    @Override
    @Nullable
    protected Mono<Void> next() {
        if (at != end && end > node.device().length()) {
            // The node shrank while the request waited for its range.
            throw BlockException.of(
                    BlockErrorKind.OUT_OF_RANGE,
                    "A writeZeroes up to " + end + " lies outside of what the node has become");
        }
        if (deviceCan && !asked) {
            asked = true;
            asking = true;
            return node.device().writeZeroes(alignedStart, alignedEnd - alignedStart, flags);
        }
        asking = false;
        if (deviceCan && at == alignedStart) {
            at = alignedEnd;
        }
        if (at == end) {
            return null;
        }
        long stop = deviceCan && at < alignedStart ? alignedStart : end;
        int length = (int) Math.min(stop - at, Zeroes.SIZE);
        if (length < stop - at) {
            // Ends on a block, so that the next one needs no read.
            length = (int) (Alignment.down(at + length, Math.min(node.limits().requestAlignment(), Zeroes.SIZE)) - at);
        }
        long from = at;
        at += length;
        return node.writeLocked(from, Zeroes.buffer(length), writeFlags());
    }

    private Set<WriteFlag> writeFlags() {
        return flags.contains(WriteFlag.FUA) ? EnumSet.of(WriteFlag.FUA) : WriteFlag.NONE;
    }

    @Override
    protected boolean recover(Throwable failure) {
        if (!asking
                || flags.contains(WriteFlag.NO_FALLBACK)
                || !(failure instanceof BlockException e)
                || e.kind() != BlockErrorKind.UNSUPPORTED) {
            return false;
        }
        deviceCan = false;
        return true;
    }
}
