package dev.weir.engine.control;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.BlockExport;
import dev.weir.engine.BlockExportOptions;
import dev.weir.engine.RemoveMode;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permission;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.spi.OptionSchema;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import reactor.core.publisher.Mono;

/**
 * Nodes, exports and objects of an engine by name. Every operation that fails changed nothing, unless it says otherwise,
 * and its {@link BlockException} has the text that QEMU's own daemon would give.
 */
public final class Control {
    private final BlockEngine engine;
    private final UserObjects objects;
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();

    /** Hears of what nobody asked for. Called on any thread; must not block. */
    public interface Listener {
        /** The export is gone, whatever ended it. */
        void exportDeleted(String id);

        /**
         * A request of the export's clients failed.
         *
         * @param operation the name of the method of {@link dev.weir.storage.BlockIo}
         */
        void ioError(BlockExport export, String operation, BlockException failure);
    }

    public Control(BlockEngine engine) {
        this.engine = engine;
        this.objects = new UserObjects(engine);
    }

    /** What this controls. */
    public BlockEngine engine() {
        return engine;
    }

    /** The values of {@code qom-type} that {@link #addObject} takes, and the options of each besides {@code id}. */
    public static Map<String, OptionSchema> objectTypes() {
        return UserObjects.TYPES;
    }

    /** The options of every object besides {@code qom-type}. */
    public static OptionSchema objectOptions() {
        return UserObjects.COMMON;
    }

    /** The values of {@code type} that {@link #addExport} takes, and the options of each besides those of all. */
    public static Map<String, OptionSchema> exportTypes() {
        return ExportOptions.TYPES;
    }

    /** The options of every export besides {@code type}. */
    public static OptionSchema exportOptions() {
        return ExportOptions.COMMON;
    }

    /** Adds a listener. */
    public void addListener(Listener listener) {
        listeners.add(listener);
    }

    /** Takes a listener away again. */
    public void removeListener(Listener listener) {
        listeners.remove(listener);
    }

    /** Opens a node; it must have a name. */
    public Mono<BlockNode> addNode(NodeOptions options) {
        return Mono.defer(() -> {
            engine.graph().schema().check(options);
            if (!options.values().containsKey("node-name")) {
                throw BlockException.of(BlockErrorKind.INVALID, "'node-name' must be specified for the root node");
            }
            return engine.addNode(options);
        });
    }

    /** Closes a node that nobody uses. */
    public Mono<Void> removeNode(String nodeName) {
        return engine.graph().remove(nodeName);
    }

    /** Gives nodes other options, all of them or none; see {@link dev.weir.storage.graph.BlockGraph#reopen}. */
    public Mono<Void> reopenNodes(List<NodeOptions> nodes) {
        return engine.graph().reopen(nodes);
    }

    /** Puts an overlay over a node that may be in use; see {@link dev.weir.storage.graph.BlockGraph#snapshot}. */
    public Mono<Void> snapshot(String nodeName, String overlay) {
        return engine.graph().snapshot(nodeName, overlay);
    }

    /** @param bytes new length of the node, at least 0 */
    public Mono<Void> resize(String nodeName, long bytes) {
        return Mono.defer(() -> {
            BlockNode node = engine.graph().node(nodeName);
            if (bytes < 0) {
                throw BlockException.of(BlockErrorKind.INVALID, "Parameter 'size' expects a >0 size");
            }
            if (node.readOnly()) {
                throw BlockException.of(BlockErrorKind.READ_ONLY, "Image is read-only");
            }
            var permissions = new Permissions(Set.of(Permission.RESIZE), Permissions.ALL);
            return Mono.usingWhen(
                            engine.graph().attach(node, permissions),
                            backend -> backend.truncate(bytes, PreallocMode.OFF),
                            BlockBackend::close)
                    .onErrorMap(
                            Control::lacksTruncate,
                            failure -> BlockException.of(
                                    BlockErrorKind.UNSUPPORTED,
                                    "Image format driver does not support resize",
                                    failure));
        });
    }

    /** Whether the driver cannot do it at all; a file that cannot be resized says so itself. */
    private static boolean lacksTruncate(Throwable failure) {
        return failure instanceof BlockException e
                && e.kind() == BlockErrorKind.UNSUPPORTED
                && String.valueOf(e.getMessage()).contains("truncate is not supported");
    }

    /** Exports a node, and completes when it is mounted and served. */
    public Mono<BlockExport> addExport(NodeOptions options) {
        return Mono.defer(() -> {
            BlockExportOptions export = ExportOptions.read(options);
            return engine.addExport(export).doOnNext(this::watch);
        });
    }

    private void watch(BlockExport export) {
        export.onError(
                (operation, failure) -> listeners.forEach(listener -> listener.ioError(export, operation, failure)));
        export.onTerminate()
                .onErrorComplete()
                .subscribe(
                        nothing -> {},
                        failure -> {},
                        () -> listeners.forEach(listener -> listener.exportDeleted(export.id())));
    }

    /**
     * Ends an export.
     *
     * @return completes when the export is gone; with an error where it goes on, and where data could not be flushed
     */
    public Mono<Void> removeExport(String id, RemoveMode mode) {
        return Mono.defer(() -> {
            BlockExport export = engine.findExport(id)
                    .orElseThrow(() -> BlockException.of(BlockErrorKind.NOT_FOUND, "Export '" + id + "' is not found"));
            if (export.shuttingDown()) {
                throw BlockException.of(BlockErrorKind.BUSY, "Export '" + id + "' is already shutting down");
            }
            return engine.removeExport(id, mode);
        });
    }

    /** Makes an object: {@code qom-type}, {@code id}, and what the type knows. */
    public Mono<Void> addObject(NodeOptions options) {
        return objects.add(options);
    }

    /** Deletes an object that nobody uses. */
    public Mono<Void> removeObject(String id) {
        return objects.remove(id);
    }

    /**
     * Reads a property of an object.
     *
     * @param path the object's id, or {@code /objects/} and the id
     * @return a {@code String}, {@code Boolean}, {@code Long}, or a map of such by name
     */
    public Object property(String path, String property) {
        return objects.get(path, property);
    }

    /**
     * Changes a property of an object.
     *
     * @param value has the new value under the property's own name
     */
    public void property(String path, String property, NodeOptions value) {
        objects.set(path, property, value);
    }
}
