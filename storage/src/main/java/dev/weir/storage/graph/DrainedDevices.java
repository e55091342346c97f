package dev.weir.storage.graph;

import dev.weir.storage.BlockNode;
import dev.weir.storage.spi.BlockDevice;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Tells the devices at and below a backend's node whether the backend is drained, so that none delays what the drain waits
 * for. A device hears of both ends, whatever the graph looks like by then. Any thread.
 */
final class DrainedDevices {
    private final Supplier<GraphNode> top;

    // Guarded by this, also while devices are told: they hear of one change after the other.
    private List<BlockDevice> told = List.of();
    private boolean over;

    DrainedDevices(Supplier<GraphNode> top) {
        this.top = top;
    }

    /** @param isDrained the state of now; asked under the lock, so that the last change wins */
    synchronized void follow(BooleanSupplier isDrained) {
        boolean drained = isDrained.getAsBoolean() && !over;
        if (drained && told.isEmpty()) {
            told = devices();
            told.forEach(BlockDevice::drainedBegin);
        } else if (!drained) {
            release();
        }
    }

    /** A node has another device, or the backend another node: what is new is told what the former ones were. */
    synchronized void changed() {
        if (told.isEmpty()) {
            return;
        }
        List<BlockDevice> former = told;
        told = devices();
        told.stream().filter(device -> !former.contains(device)).forEach(BlockDevice::drainedBegin);
        former.stream().filter(device -> !told.contains(device)).forEach(BlockDevice::drainedEnd);
    }

    /** The backend's last request has ended; its drains are nothing to the devices any more. */
    synchronized void end() {
        over = true;
        release();
    }

    private void release() {
        List<BlockDevice> devices = told;
        told = List.of();
        devices.forEach(BlockDevice::drainedEnd);
    }

    private List<BlockDevice> devices() {
        Set<BlockDevice> devices = new LinkedHashSet<>();
        collect(top.get(), devices);
        return List.copyOf(devices);
    }

    private static void collect(GraphNode node, Set<BlockDevice> devices) {
        devices.add(node.device());
        for (BlockNode child : node.device().children()) {
            collect((GraphNode) child, devices);
        }
    }
}
