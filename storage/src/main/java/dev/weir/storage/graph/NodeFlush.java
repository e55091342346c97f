package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/** The flushes of a node. One that failed is the last: what could not be flushed once never will be. */
final class NodeFlush {
    private final GraphNode node;
    private volatile @Nullable Throwable failed;

    NodeFlush(GraphNode node) {
        this.node = node;
    }

    void start(CoreSubscriber<? super Void> actual) {
        NodeState now = node.state();
        Throwable before = failed;
        if (node.isClosed()) {
            node.fail(actual, BlockErrorKind.CLOSED, "flush", -1);
        } else if (before != null) {
            node.fail(actual, "flush", -1, before);
        } else if (now.options().readOnly()
                || (now.options().cacheNoFlush() && now.device().children().isEmpty())) {
            Operators.complete(actual);
        } else {
            node.counters().flush();
            SingleStep.noting(now.device()::flush, this::failed, actual).start();
        }
    }

    /** Flushes for the graph, uncounted. */
    Mono<Void> flushed() {
        NodeState now = node.state();
        Throwable before = failed;
        if (before != null) {
            return Mono.error(before);
        }
        return now.options().readOnly()
                ? Mono.empty()
                : GraphNode.operation(actual -> SingleStep.ignoringUnsupported(now.device()::flush, actual)
                                .start())
                        .doOnError(this::failed);
    }

    private void failed(Throwable failure) {
        if (!(failure instanceof BlockException e && e.kind() == BlockErrorKind.UNSUPPORTED)) {
            failed = failure;
        }
    }
}
