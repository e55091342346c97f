package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Suite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The standard cells, on one medium: all servers are up at once, each with a full image of its own.
 *
 * @param disk whether the image is on a disk
 * @param direct around the page cache of the host
 */
record CellMeasurements(Suite suite, Export.Format format, boolean disk, boolean direct) implements Measurements {
    private static final String CELLS =
            "randread:4k:1,randread:4k:32,randread:4k:32:4,randwrite:4k:1,randwrite:4k:32,read:1m:4,write:1m:4";
    private static final String QUICK = "randread:4k:32,randwrite:4k:1,read:1m:4";
    private static final double START_SECONDS = 2;
    private static final int CONVERT_SECONDS = 120;

    private static List<Cell> cells(Plan plan) {
        return plan.cellsOr(CELLS, QUICK);
    }

    private static List<Cell> warmupCells(Plan plan) {
        List<Cell> cells = cells(plan);
        return plan.warmup() == 0
                ? List.of()
                : List.of(cells.get(0), cells.get(cells.size() - 1)).stream()
                        .distinct()
                        .toList();
    }

    @Override
    public void announce(Run run) {
        Plan plan = run.plan();
        int servers = plan.contenders(format, direct).size();
        run.progress().expect(servers, START_SECONDS + warmupCells(plan).size() * (double) plan.warmup());
        run.progress().expect(servers * cells(plan).size() * plan.rounds(), plan.secondsOfFio());
    }

    @Override
    public void measure(Run run) throws IOException, InterruptedException, ComparisonException {
        Plan plan = run.plan();
        List<Contender> contenders = plan.contenders(format, direct);
        long space = format == Export.Format.NULL ? 1 : (contenders.size() + 2L) * plan.size();
        try (Stage stage = run.stage(disk ? run.places().disk() : run.places().memory(), space)) {
            List<Server> servers = start(run, stage, contenders);
            for (Cell cell : cells(plan)) {
                for (int round = 0; round < plan.rounds(); round++) {
                    for (Server server : Run.inTurn(servers, round)) {
                        run.progress()
                                .step(
                                        suite + " " + cell + " round " + (round + 1) + " " + server.name(),
                                        plan.secondsOfFio());
                        double before = server.cpuMicros();
                        Fio.Figures figures = run.fio().run(target(run, server), cell, plan.runtime());
                        run.keep(suite, cell.toString(), server, round, figures, server.cpuMicros() - before);
                    }
                }
            }
        }
    }

    private List<Server> start(Run run, Stage stage, List<Contender> contenders)
            throws IOException, InterruptedException, ComparisonException {
        Plan plan = run.plan();
        Path template = stage.path("template");
        if (format != Export.Format.NULL) {
            stage.fill("template", plan.size());
        }
        if (format == Export.Format.QCOW2) {
            Path converted = stage.path("template.qcow2");
            run.clients()
                    .run(
                            List.of(
                                    run.places().launcher().toString(),
                                    "image",
                                    "convert",
                                    "-f",
                                    "raw",
                                    "-O",
                                    "qcow2",
                                    template.toString(),
                                    converted.toString()),
                            CONVERT_SECONDS);
            Files.delete(template);
            template = converted;
        }
        List<Server> servers = new ArrayList<>();
        for (Contender contender : contenders) {
            run.progress()
                    .step(
                            suite + " warm-up of " + contender,
                            START_SECONDS + warmupCells(plan).size() * (double) plan.warmup());
            Path image = stage.path(contender + ".img");
            if (format != Export.Format.NULL) {
                Files.copy(template, image);
            }
            var export = new Export(format, image, plan.size(), direct);
            Server server = contender.start(
                    stage, export, run.places(), plan.weirOptions().of(suite));
            servers.add(server);
            for (Cell cell : warmupCells(plan)) {
                run.fio().run(target(run, server), cell, plan.warmup());
            }
        }
        Files.deleteIfExists(template);
        return servers;
    }

    private static List<String> target(Run run, Server server) throws ComparisonException {
        return List.of(
                "--filename=" + run.places().inside(server.file()),
                "--size=" + run.plan().size() + "m");
    }
}
