package dev.weir.storage.graph;

import dev.weir.storage.BlockLimits;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.BlockDriver;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a node is until it is reopened. Replaced as a whole, while no request is in flight: a request sees one state from
 * its start to its end.
 *
 * @param described the options as the user gave them
 * @param driver null for a device that a user made
 * @param children by the option that names them
 */
record NodeState(
        NodeOptions described,
        CommonOptions options,
        @Nullable BlockDriver driver,
        BlockDevice device,
        BlockLimits limits,
        Map<String, GraphNode> children) {
    static NodeState of(
            NodeOptions described,
            CommonOptions options,
            @Nullable BlockDriver driver,
            BlockDevice device,
            Map<String, GraphNode> children) {
        return new NodeState(described, options, driver, device, device.limits(), Map.copyOf(children));
    }

    /** What each child is to the node, by the child's name. */
    Map<String, String> roles() {
        Map<String, String> roles = new HashMap<>();
        device.children().forEach(child -> roles.put(child.nodeName(), "file"));
        children.forEach((key, child) -> roles.put(child.nodeName(), key));
        return roles;
    }

    /** Whether every range is a range of whole blocks. */
    boolean aligned() {
        return limits.requestAlignment() == 1;
    }

    /** Whether a range has blocks of which it is a part only. */
    boolean partial(long offset, long length) {
        return ((offset | length) & limits.requestAlignment() - 1L) != 0;
    }

    /** Whether the device takes a request as it is. */
    boolean fits(long offset, int length, ByteBuffer buffer) {
        return !partial(offset, length)
                && length <= limits.maxTransfer()
                && Alignment.inMemory(limits, buffer, buffer.position());
    }
}
