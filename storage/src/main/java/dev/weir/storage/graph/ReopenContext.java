package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** The gate for one node that is being reopened: it leads to nodes that are there already, and to no file. */
final class ReopenContext extends NodeContext {
    private final NodeNames names;
    private final GraphNode node;
    private final Map<String, GraphNode> children = new ConcurrentHashMap<>();

    ReopenContext(NodeOpener opener, GraphNode node, CommonOptions options) {
        super(opener, node.nodeName(), options, 0);
        this.names = opener.names();
        this.node = node;
    }

    @Override
    Map<String, GraphNode> children() {
        return children;
    }

    @Override
    public Mono<BlockNode> openChild(NodeOptions child) {
        return Mono.fromSupplier(() -> {
            String key = key(child);
            String name = ReopenPlan.reference(child);
            if (name == null) {
                throw ReopenPlan.cannotChange(key + ".driver");
            }
            GraphNode target = names.get(name, "Cannot find device='' nor node-name='" + name + "'");
            if (reaches(target, node)) {
                throw BlockException.of(
                        BlockErrorKind.INVALID,
                        "Making '" + name + "' a " + key + " child of '" + nodeName() + "' would create a cycle");
            }
            children.put(key, target);
            return target;
        });
    }

    @Override
    public Mono<BlockNode> openImplicit(String option, String filename, String format, boolean readOnly) {
        return Mono.fromSupplier(() -> {
            @Nullable GraphNode present = node.state().children().get(option);
            if (present == null || !present.implicit()) {
                throw BlockException.of(
                        BlockErrorKind.ACCESS_DENIED,
                        "The image of node '" + nodeName() + "' names the file '" + filename
                                + "', which was not open before; describe that node explicitly");
            }
            children.put(option, present);
            return present;
        });
    }

    private static boolean reaches(GraphNode from, GraphNode to) {
        return from == to || from.device().children().stream().anyMatch(child -> reaches((GraphNode) child, to));
    }
}
