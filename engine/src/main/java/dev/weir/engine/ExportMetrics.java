package dev.weir.engine;

import dev.weir.fuse.session.FuseStatistics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * The meters of exports, tagged with {@code export} and, where it applies, {@code operation}. They read counters that the
 * export keeps anyway: nothing is added to the way of a request.
 */
final class ExportMetrics {
    private final MeterRegistry registry;
    private final List<Meter> ofEngine = new ArrayList<>();
    private final Map<String, List<Meter>> meters = new ConcurrentHashMap<>();

    ExportMetrics(MeterRegistry registry) {
        this.registry = registry;
    }

    /** The meters of the engine; engines that share a registry are told apart by a number. */
    void add(BlockEngine engine) {
        synchronized (registry) {
            int number = 1;
            while (registry.find("weir.engine.buffer.bytes")
                            .tag("engine", Integer.toString(number))
                            .meter()
                    != null) {
                number++;
            }
            String tag = Integer.toString(number);
            ofEngine.add(Gauge.builder("weir.engine.in.flight.bytes", engine, BlockEngine::inFlightBytes)
                    .description("Bytes of bounce buffers that requests in flight of all exports hold")
                    .baseUnit("bytes")
                    .tag("engine", tag)
                    .register(registry));
            ofEngine.add(Gauge.builder("weir.engine.in.flight.max.bytes", engine, BlockEngine::maxInFlightBytes)
                    .description("The budget of that")
                    .baseUnit("bytes")
                    .tag("engine", tag)
                    .register(registry));
            ofEngine.add(Gauge.builder("weir.engine.buffer.bytes", engine, BlockEngine::bufferBytes)
                    .description("Bytes of memory that bounce buffers of all exports occupy, in use or idle")
                    .baseUnit("bytes")
                    .tag("engine", tag)
                    .register(registry));
        }
    }

    /** The engine is gone. */
    void remove() {
        ofEngine.forEach(registry::remove);
    }

    /** Engines may share a registry: an export with the id of another one's is tagged with a number besides. */
    void add(BlockExport export) {
        synchronized (registry) {
            String tag = export.id();
            for (int i = 2;
                    registry.find("weir.export.pauses").tag("export", tag).meter() != null;
                    i++) {
                tag = export.id() + "-" + i;
            }
            meters.put(export.id(), register(export, tag));
        }
    }

    private List<Meter> register(BlockExport export, String tag) {
        var added = new ArrayList<Meter>();
        FuseStatistics statistics = export.statistics();
        for (FuseStatistics.Kind kind : FuseStatistics.Kind.values()) {
            String operation = kind.name().toLowerCase(Locale.ROOT);
            added.add(FunctionTimer.builder(
                            "weir.export.requests",
                            statistics,
                            s -> s.requests(kind),
                            s -> s.nanos(kind),
                            TimeUnit.NANOSECONDS)
                    .description("Requests answered with success, and the time from receiving to answering")
                    .tag("export", tag)
                    .tag("operation", operation)
                    .register(registry));
            added.add(FunctionCounter.builder("weir.export.bytes", statistics, s -> s.bytes(kind))
                    .description("Bytes transferred")
                    .baseUnit("bytes")
                    .tag("export", tag)
                    .tag("operation", operation)
                    .register(registry));
            added.add(FunctionCounter.builder("weir.export.errors", statistics, s -> s.errors(kind))
                    .description("Requests answered with an errno")
                    .tag("export", tag)
                    .tag("operation", operation)
                    .register(registry));
        }
        added.add(FunctionCounter.builder("weir.export.malformed", statistics, FuseStatistics::malformed)
                .description("Requests refused because they were not well-formed")
                .tag("export", tag)
                .register(registry));
        added.add(FunctionCounter.builder("weir.export.pauses", statistics, FuseStatistics::pauses)
                .description("How often reading stopped because the budget was used up")
                .tag("export", tag)
                .register(registry));
        added.add(Gauge.builder("weir.export.in.flight.requests", export, BlockExport::inFlight)
                .description("Requests in flight")
                .tag("export", tag)
                .register(registry));
        added.add(Gauge.builder("weir.export.in.flight.bytes", export, BlockExport::inFlightBytes)
                .description("Bytes of bounce buffers that requests in flight hold")
                .baseUnit("bytes")
                .tag("export", tag)
                .register(registry));
        return added;
    }

    void remove(String id) {
        List<Meter> gone = meters.remove(id);
        if (gone != null) {
            gone.forEach(registry::remove);
        }
    }
}
