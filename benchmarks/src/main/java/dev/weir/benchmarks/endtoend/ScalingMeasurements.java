package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Footprint;
import dev.weir.benchmarks.report.Suite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * More and more exports of raw images in memory by one process, with one I/O thread for all. One client reads 4 KiB at depth
 * 32, spread over all of them; together they are always as large. All processes are up at once, so that each round has the
 * same machine.
 */
final class ScalingMeasurements implements Measurements {
    private static final List<Integer> EXPORTS = List.of(1, 8, 64, 256);
    private static final int MEGABYTES = 256;
    private static final Cell CELL = new Cell("randread", "4k", 32, 1);
    private static final double START_SECONDS = 6;
    private static final double FOOTPRINT_SECONDS = 2;

    /** A process and how many files it serves. */
    private record Many(Server server, int exports, BufferGauge gauge) {}

    @Override
    public Suite suite() {
        return Suite.SCALING;
    }

    /** One configuration of each: the thread is what all have one of. */
    private static List<Contender> contenders(Run run) {
        return run.plan().contenders().stream()
                .filter(Set.of(Contender.WEIR, Contender.QSD, Contender.MINIMAL)::contains)
                .toList();
    }

    @Override
    public void announce(Run run) {
        int processes = contenders(run).size() * EXPORTS.size();
        run.progress().expect(processes, START_SECONDS);
        run.progress().expect(processes * run.plan().rounds(), run.plan().secondsOfFio());
        run.progress().expect(processes, FOOTPRINT_SECONDS);
    }

    @Override
    public void measure(Run run) throws IOException, InterruptedException, ComparisonException {
        Plan plan = run.plan();
        long space = (long) contenders(run).size() * EXPORTS.size() * MEGABYTES;
        try (Stage stage = run.stage(run.places().memory(), space)) {
            List<Many> all = new ArrayList<>();
            for (int exports : EXPORTS) {
                for (Contender contender : contenders(run)) {
                    run.progress().step(suite() + " start of " + contender + " with " + exports, START_SECONDS);
                    Many many = start(run, stage, contender, exports);
                    all.add(many);
                    if (plan.warmup() > 0) {
                        run.fio().run(target(run, many), CELL, plan.warmup());
                    }
                }
            }
            for (int round = 0; round < plan.rounds(); round++) {
                for (Many many : Run.inTurn(all, round)) {
                    run.progress().step(describe(many) + " round " + (round + 1), plan.secondsOfFio());
                    double before = many.server().cpuMicros();
                    Fio.Figures figures = run.fio().run(target(run, many), CELL, plan.runtime());
                    double cpu = many.server().cpuMicros() - before;
                    run.keep(suite(), String.valueOf(many.exports()), many.server(), round, figures, cpu);
                }
            }
            for (Many many : all) {
                run.progress().step(describe(many) + " memory", FOOTPRINT_SECONDS);
                run.footprints().add(footprint(run, many));
            }
        }
    }

    private String describe(Many many) {
        return suite() + " " + many.exports() + " " + many.server().name();
    }

    /** Under a load of its own, because asking for it takes time. */
    private static Footprint footprint(Run run, Many many)
            throws IOException, InterruptedException, ComparisonException {
        BufferGauge.Peak peak;
        try (var sampling = many.gauge().start()) {
            run.fio().run(target(run, many), CELL, 1);
            peak = sampling.peak();
        }
        return new Footprint(
                many.server().name(), many.exports(), many.server().residentBytes(), peak.inFlight(), peak.buffers());
    }

    private static List<String> target(Run run, Many many) throws ComparisonException {
        String files =
                IntStream.range(0, many.exports()).mapToObj(String::valueOf).collect(Collectors.joining(":"));
        return List.of(
                "--directory=" + run.places().inside(many.server().file()),
                "--filename=" + files,
                "--file_service_type=random:1",
                "--size=" + MEGABYTES + "m");
    }

    private static Many start(Run run, Stage stage, Contender contender, int exports)
            throws IOException, InterruptedException, ComparisonException {
        String name = contender + "-" + exports;
        Path images = Files.createDirectory(stage.path(name));
        Path mounts = Files.createDirectory(stage.path(name + ".mnt"));
        Path metrics = stage.path(name + ".sock");
        List<Path> files = new ArrayList<>();
        List<Path> mountpoints = new ArrayList<>();
        for (int i = 0; i < exports; i++) {
            files.add(stage.fill(name + "/" + i, MEGABYTES / exports));
            mountpoints.add(Files.createFile(mounts.resolve(String.valueOf(i))));
        }
        List<String> command = contender.isMinimal()
                ? MinimalServer.command(
                        run.places().minimal(), MinimalServer.EPOLL, MEGABYTES / exports, files, mountpoints)
                : daemon(run.places(), contender, metrics, files, mountpoints);
        Server server = stage.start(contender.text(), mountpoints, mounts, command, Map.of());
        return new Many(server, exports, contender == Contender.WEIR ? BufferGauge.of(metrics) : BufferGauge.NONE);
    }

    /** Weir's or QEMU's storage daemon. */
    private static List<String> daemon(
            Places places, Contender contender, Path metrics, List<Path> files, List<Path> mountpoints)
            throws ComparisonException {
        boolean weir = contender == Contender.WEIR;
        List<String> command = weir
                ? new ArrayList<>(List.of(places.launcher().toString(), "daemon", "--metrics", "unix:" + metrics))
                : places.command("qemu-storage-daemon");
        command.addAll(List.of("--object", "iothread,id=t"));
        String aio = weir ? "" : ",aio=io_uring";
        for (int i = 0; i < files.size(); i++) {
            String file = weir ? files.get(i).toString() : places.inside(files.get(i));
            String mount = weir ? mountpoints.get(i).toString() : places.inside(mountpoints.get(i));
            command.addAll(List.of(
                    "--blockdev",
                    "driver=file,node-name=p" + i + ",filename=" + file + aio,
                    "--blockdev",
                    "driver=raw,node-name=n" + i + ",file=p" + i,
                    "--export",
                    "type=fuse,id=e" + i + ",node-name=n" + i + ",writable=on,growable=on,iothread=t,mountpoint="
                            + mount));
        }
        return command;
    }
}
