package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Environment;
import dev.weir.benchmarks.report.Footprint;
import dev.weir.benchmarks.report.HeapLoad;
import dev.weir.benchmarks.report.Latency;
import dev.weir.benchmarks.report.Results;
import dev.weir.benchmarks.report.Sample;
import dev.weir.benchmarks.report.Suite;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What the suites of one run share, and what they have found so far. */
final class Run implements AutoCloseable {
    private final Plan plan;
    private final Places places;
    private final Fio fio;
    private final Clients clients;
    private final Progress progress;
    private final Set<Stage> stages = ConcurrentHashMap.newKeySet();
    private final List<Sample> samples = new ArrayList<>();
    private final List<Footprint> footprints = new ArrayList<>();
    private final List<HeapLoad> heap = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    Run(Plan plan, Places places, Fio fio, Progress progress) {
        this.plan = plan;
        this.places = places;
        this.fio = fio;
        this.clients = fio.clients();
        this.progress = progress;
    }

    Plan plan() {
        return plan;
    }

    Places places() {
        return places;
    }

    Fio fio() {
        return fio;
    }

    Clients clients() {
        return clients;
    }

    Progress progress() {
        return progress;
    }

    List<Footprint> footprints() {
        return footprints;
    }

    List<HeapLoad> heap() {
        return heap;
    }

    List<String> notes() {
        return notes;
    }

    /** All that was found so far. */
    Results results(Environment environment) {
        return new Results(environment, samples, footprints, heap, notes);
    }

    /** A stage that is closed with the run at the latest. */
    Stage stage(Path parent, long megabytes) throws IOException, ComparisonException {
        if (clients.isClosed()) {
            throw new ComparisonException("interrupted");
        }
        Stage stage = Stage.in(parent, megabytes);
        stages.add(stage);
        return stage;
    }

    /** Keeps what fio found, with the CPU time that the server took meanwhile. */
    void keep(Suite suite, String cell, Server server, int round, Fio.Figures figures, double cpuMicros) {
        keep(suite, cell, server, round, figures.iops(), figures.latency(), cpuMicros / figures.requests());
    }

    /** Keeps a sample. */
    void keep(
            Suite suite,
            String cell,
            Server server,
            int round,
            double rate,
            @Nullable Latency latency,
            @Nullable Double cpuMicros) {
        samples.add(new Sample(suite, cell, server.name(), round, rate, latency, cpuMicros));
    }

    /** The order of a round: forth and back, so that none is always the first. */
    static <T> List<T> inTurn(List<T> all, int round) {
        List<T> order = new ArrayList<>(all);
        if (round % 2 == 1) {
            Collections.reverse(order);
        }
        return order;
    }

    /** Ends what runs and removes what was made. Idempotent. */
    @Override
    public void close() throws IOException {
        clients.close();
        @Nullable IOException failure = null;
        for (Stage stage : stages) {
            try {
                stage.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
