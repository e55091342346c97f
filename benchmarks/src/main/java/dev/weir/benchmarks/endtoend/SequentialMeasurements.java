package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Suite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * One client that reads a whole raw image on a disk without O_DIRECT. The image is in the page cache of the host; what the
 * kernel may have cached of the export itself is dropped before each measurement.
 */
final class SequentialMeasurements implements Measurements {
    private static final double SECONDS = 0.7;
    private static final double START_SECONDS = 3;
    private static final int TIMEOUT_SECONDS = 120;
    private static final double MEGA = 1e6;

    /** A client by its name in tables. */
    private record Reader(String name, List<String> command) {}

    @Override
    public Suite suite() {
        return Suite.SEQUENTIAL;
    }

    private static List<Contender> contenders(Run run) {
        // The minimal server tells nothing here: what counts is whether the kernel keeps a cache.
        return run.plan().contenders(Export.Format.RAW, false).stream()
                .filter(contender -> !contender.isMinimal())
                .toList();
    }

    private static List<Reader> readers(Server server) {
        String file = server.file().toString();
        return List.of(
                new Reader("dd bs=1M", List.of("dd", "if=" + file, "of=/dev/null", "bs=1M", "status=none")),
                new Reader("cp", List.of("cp", file, "/dev/null")));
    }

    @Override
    public void announce(Run run) {
        int servers = contenders(run).size();
        run.progress().expect(servers, START_SECONDS);
        run.progress().expect(servers * 2 * run.plan().rounds(), SECONDS);
    }

    @Override
    public void measure(Run run) throws IOException, InterruptedException, ComparisonException {
        Plan plan = run.plan();
        List<Contender> contenders = contenders(run);
        try (Stage stage = run.stage(run.places().disk(), (contenders.size() + 1L) * plan.size())) {
            Path template = stage.fill("template", plan.size());
            List<Server> servers = new ArrayList<>();
            for (Contender contender : contenders) {
                run.progress().step(suite() + " warm-up of " + contender, START_SECONDS);
                Path image = Files.copy(template, stage.path(contender + ".img"));
                var export = new Export(Export.Format.RAW, image, plan.size(), false);
                Server server = contender.start(
                        stage, export, run.places(), plan.weirOptions().of(suite()));
                servers.add(server);
                for (Reader reader : readers(server)) {
                    seconds(run, server, reader);
                    seconds(run, server, reader);
                }
            }
            for (int which = 0; which < readers(servers.get(0)).size(); which++) {
                for (int round = 0; round < plan.rounds(); round++) {
                    for (Server server : Run.inTurn(servers, round)) {
                        Reader reader = readers(server).get(which);
                        run.progress()
                                .step(
                                        suite() + " " + reader.name() + " round " + (round + 1) + " " + server.name(),
                                        SECONDS);
                        measure(run, server, reader, round);
                    }
                }
            }
        }
    }

    private void measure(Run run, Server server, Reader reader, int round)
            throws IOException, InterruptedException, ComparisonException {
        long bytes = (long) run.plan().size() << 20;
        double before = server.cpuMicros();
        double seconds = seconds(run, server, reader);
        // A request is a MiB here, so that the figure does not depend on how the kernel cuts.
        double cpu = (server.cpuMicros() - before) / run.plan().size();
        run.keep(suite(), reader.name(), server, round, bytes / MEGA / seconds, null, cpu);
    }

    private static double seconds(Run run, Server server, Reader reader)
            throws IOException, InterruptedException, ComparisonException {
        // That is how dd drops what is cached of a file.
        run.clients()
                .run(List.of("dd", "if=" + server.file(), "iflag=nocache", "count=0", "status=none"), TIMEOUT_SECONDS);
        return run.clients().run(reader.command(), TIMEOUT_SECONDS).seconds();
    }
}
