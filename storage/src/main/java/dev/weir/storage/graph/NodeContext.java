package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.OpenContext;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import reactor.core.publisher.Mono;

/** The gate for one node that is being opened; it remembers the children, so that they can be closed again. */
class NodeContext implements OpenContext {
    /** More than anybody has on purpose who does not describe them. */
    private static final int MAX_DEPTH = 16;

    private final NodeOpener opener;
    private final String nodeName;
    private final CommonOptions options;
    private final int depth;
    private final List<GraphNode> opened = new CopyOnWriteArrayList<>();
    private final Map<String, GraphNode> children = new ConcurrentHashMap<>();

    NodeContext(NodeOpener opener, String nodeName, CommonOptions options, int depth) {
        this.depth = depth;
        this.opener = opener;
        this.nodeName = nodeName;
        this.options = options;
    }

    List<GraphNode> opened() {
        return opened;
    }

    /** The children by the options that name them, or would. */
    Map<String, GraphNode> children() {
        return children;
    }

    /** Of an option that names a child: what messages call it, without what it is a part of. */
    static String key(NodeOptions child) {
        String path = child.path();
        return path.isEmpty() ? "" : path.substring(path.lastIndexOf('.', path.length() - 2) + 1, path.length() - 1);
    }

    @Override
    public String nodeName() {
        return nodeName;
    }

    @Override
    public boolean readOnly() {
        return options.readOnly();
    }

    @Override
    public boolean cacheDirect() {
        return options.cacheDirect();
    }

    @Override
    public boolean cacheNoFlush() {
        return options.cacheNoFlush();
    }

    @Override
    public boolean forceShare() {
        return options.forceShare();
    }

    @Override
    public boolean discardUnmap() {
        return options.discardUnmap();
    }

    @Override
    public void requireForeign(String filename) {
        if (opener.ownFiles().test(Path.of(filename))) {
            throw BlockException.of(
                    BlockErrorKind.BUSY,
                    "'" + filename + "' is an export of this process, which cannot use it as an image itself");
        }
    }

    @Override
    public Executor blockingExecutor() {
        return opener.blocking();
    }

    @Override
    public Mono<BlockNode> openChild(NodeOptions child) {
        return openChild(key(child), child, depth);
    }

    private Mono<BlockNode> openChild(String key, NodeOptions child, int childDepth) {
        return opener.open(child, options, true, childDepth)
                .doOnNext(node -> {
                    opened.add(node);
                    children.put(key, node);
                })
                .cast(BlockNode.class);
    }

    @Override
    public Mono<BlockNode> openImplicit(String option, String filename, String format, boolean readOnly) {
        return Mono.defer(() -> {
            String path = resolved(filename);
            if (!opener.policy().allows(nodeName, path, format)) {
                throw BlockException.of(
                        BlockErrorKind.ACCESS_DENIED,
                        "The image of node '" + nodeName + "' names the file '" + filename
                                + "', which it may not open; describe that node explicitly");
            }
            if (depth >= MAX_DEPTH) {
                throw BlockException.of(
                        BlockErrorKind.INVALID,
                        "More than " + MAX_DEPTH + " images name each other; describe their nodes explicitly");
            }
            NodeOptions file = NodeOptions.driver("file").set("filename", path).build();
            NodeOptions image = NodeOptions.driver(format)
                    .set("read-only", readOnly)
                    .set("file", file)
                    .build();
            return openChild(option, image, depth + 1);
        });
    }

    /** A relative name counts from the directory of the image that has it. */
    private String resolved(String filename) {
        for (GraphNode child : opened) {
            if (child.state().described().values().get("filename") instanceof String image) {
                return Path.of(image).resolveSibling(filename).toString();
            }
        }
        return filename;
    }
}
