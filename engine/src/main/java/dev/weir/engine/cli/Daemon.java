package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.control.Control;
import dev.weir.engine.metrics.MetricsServer;
import dev.weir.engine.qmp.JsonOptions;
import dev.weir.engine.qmp.QmpServer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** An engine, and the server that controls it where there is one. One thread carries out steps. */
final class Daemon {
    private final BlockEngine engine;
    private final Control control;
    private final @Nullable MetricsServer metrics;
    private final Runnable quit;
    private @Nullable QmpServer server;

    Daemon(BlockEngine engine, @Nullable MetricsServer metrics, Runnable quit) {
        this.engine = engine;
        this.control = new Control(engine);
        this.metrics = metrics;
        this.quit = quit;
    }

    /** Carries out one option. */
    void run(DaemonStep step) throws DaemonStep.Failure {
        try {
            String text = step.text();
            switch (step.option()) {
                case "--blockdev" -> Outcome.of(control.addNode(JsonOptions.parse(text, "driver")));
                case "--export" -> Outcome.of(control.addExport(JsonOptions.parse(text, "type")));
                case "--object" -> Outcome.of(control.addObject(JsonOptions.parse(text, "qom-type")));
                case "--chardev" -> Outcome.of(server().addChardev(text));
                case "--monitor" -> server().addMonitor(JsonOptions.parse(text, "chardev"));
                default -> throw new IllegalStateException(step.option());
            }
        } catch (Exception e) {
            throw step.failed(e);
        }
    }

    private QmpServer server() {
        QmpServer started = server;
        if (started == null) {
            started = new QmpServer(control, Main.release(), quit);
            server = started;
        }
        return started;
    }

    /** Everything was carried out: clients are listened to. */
    void serve() {
        if (metrics != null) {
            metrics.start();
        }
        if (server != null) {
            server.serve();
        }
    }

    /** Ends exports, nodes and threads, then the conversations with clients, which hear of it. */
    Mono<Void> shutdown() {
        List<Mono<Void>> ends = new ArrayList<>();
        ends.add(engine.shutdown());
        if (server != null) {
            ends.add(server.close());
        }
        if (metrics != null) {
            ends.add(metrics.close());
        }
        return Flux.concatDelayError(Flux.fromIterable(ends)).then();
    }
}
