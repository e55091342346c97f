package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.HeapLoad;
import dev.weir.benchmarks.report.Suite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What reads and writes at full load, of a raw image in memory, do to a heap of 64 MiB, by the log of collections. */
final class GarbageMeasurements implements Measurements {
    private static final List<Cell> CELLS =
            List.of(new Cell("randread", "4k", 32, 1), new Cell("randwrite", "4k", 32, 1));
    private static final double SECONDS_PER_MINUTE = 60;
    private static final int WARMUP_SECONDS = 4;

    @Override
    public Suite suite() {
        return Suite.GARBAGE;
    }

    private static int seconds(Run run) {
        return Math.max(1, (int) Math.round(run.plan().pauseMinutes() * SECONDS_PER_MINUTE / CELLS.size()));
    }

    @Override
    public void announce(Run run) {
        run.progress().expect(CELLS.size(), (double) WARMUP_SECONDS + seconds(run));
    }

    @Override
    public void measure(Run run) throws IOException, InterruptedException, ComparisonException {
        Plan plan = run.plan();
        try (Stage stage = run.stage(run.places().memory(), plan.size())) {
            Path image = stage.fill("weir.img", plan.size());
            Path mount = stage.mountFile("weir");
            Path log = stage.path("gc.log");
            List<String> command = new ArrayList<>(List.of(
                    run.places().launcher().toString(),
                    "export",
                    image.toString(),
                    "--format=raw",
                    mount.toString(),
                    "--writable",
                    "--growable"));
            command.addAll(plan.weirOptions().of(suite()));
            var environment = Map.of(
                    "WEIR_JAVA_OPTS",
                    "-Xmx64m -XX:+UseSerialGC -Xlog:gc=info,gc+heap=info:file=" + log + ":uptime:filecount=0");
            Server server = stage.start("weir", List.of(mount), mount, command, environment);
            List<String> target = List.of("--filename=" + run.places().inside(mount), "--size=" + plan.size() + "m");
            for (Cell cell : CELLS) {
                run.progress().step(suite() + " " + cell, (double) WARMUP_SECONDS + seconds(run));
                if (plan.warmup() > 0) {
                    run.fio().run(target, cell, WARMUP_SECONDS);
                }
                int from = Files.readString(log).length();
                Fio.Figures figures = run.fio().run(target, cell, seconds(run));
                GcLog found = GcLog.parse(Files.readString(log), from);
                run.heap()
                        .add(new HeapLoad(
                                cell.toString(),
                                seconds(run),
                                figures.requests(),
                                (double) found.allocated() / figures.requests(),
                                found.collections(),
                                found.longestPauseMillis()));
            }
            stage.stop(server);
        }
    }
}
