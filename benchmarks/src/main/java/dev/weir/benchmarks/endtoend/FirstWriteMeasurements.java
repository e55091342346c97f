package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Suite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes to clusters of a qcow2 image in memory that no write has been to: for each measurement a fresh image and a fresh
 * server, which is warmed up in two thirds of the image and measured in the last one. The minimal server knows no qcow2 and has
 * an empty raw image instead, so that the kernel's share is all that it has to do.
 */
final class FirstWriteMeasurements implements Measurements {
    private static final String CELLS = "randwrite:4k:1,randwrite:4k:32,randwrite:64k:8,write:1m:4";
    private static final String QUICK = "randwrite:4k:32,write:1m:4";
    private static final int CLUSTER_KIB = 64;

    /** Of the image; its file has what was written only. */
    private static final int VIRTUAL_MEGABYTES = 32 << 10;

    /** Clusters that a measurement allocates, by the size of other images: where requests are smaller, and where not. */
    private static final double SMALL = 1.5;

    private static final double LARGE = 0.75;

    /** Clusters that the warm-up allocates, by the same measure: seconds of work, for a server that is compiled meanwhile. */
    private static final double WARMUP = 4.5;

    /** What comes before those where they are large, and so few: as many allocations as two measurements have. */
    private static final Cell MANY = Cell.parse("randwrite:4k:32");

    /** What a server needs besides, for tables, by what it allocates. */
    private static final double TABLES = 1.1;

    /** All that is in memory at the same time, by the size of other images. */
    private static final double MOST = WARMUP + 2 * SMALL + 2 * TABLES * Math.max(SMALL, LARGE * ReadyMemory.shares());

    /** Besides, in MiB: what is rounded up, and what file systems need for themselves. */
    private static final int SLACK = 16;

    private static final int CREATE_SECONDS = 30;
    private static final int TIMEOUT_SECONDS = 60;
    private static final double SECONDS = 8;

    @Override
    public Suite suite() {
        return Suite.FIRST_WRITES;
    }

    private static List<Contender> contenders(Run run) {
        return run.plan().contenders().stream()
                .filter(contender -> contender.serves(Export.Format.QCOW2, false) || contender.isMinimal())
                .toList();
    }

    private static List<Cell> cells(Run run) {
        return run.plan().cellsOr(CELLS, QUICK).stream()
                .filter(cell -> cell.mode().endsWith("write") && cell.jobs() == 1)
                .toList();
    }

    @Override
    public void announce(Run run) {
        run.progress()
                .expect(contenders(run).size() * cells(run).size() * run.plan().rounds(), SECONDS);
    }

    @Override
    public void measure(Run run) throws IOException, InterruptedException, ComparisonException {
        long space = Math.round(MOST * run.plan().size()) + SLACK;
        try (Stage stage = run.stage(run.places().memory(), space)) {
            for (Cell cell : cells(run)) {
                for (int round = 0; round < run.plan().rounds(); round++) {
                    for (Contender contender : Run.inTurn(contenders(run), round)) {
                        run.progress().step(suite() + " " + cell + " round " + (round + 1) + " " + contender, SECONDS);
                        measure(run, stage, contender, cell, round);
                    }
                }
            }
        }
    }

    private void measure(Run run, Stage stage, Contender contender, Cell cell, int round)
            throws IOException, InterruptedException, ComparisonException {
        Path image = stage.path(contender + ".img");
        var format = contender.isMinimal() ? Export.Format.RAW : Export.Format.QCOW2;
        Files.deleteIfExists(image);
        List<String> create = List.of(
                run.places().launcher().toString(),
                "image",
                "create",
                "-f",
                format.driver(),
                image.toString(),
                VIRTUAL_MEGABYTES + "M");
        run.clients().run(create, CREATE_SECONDS);
        var export = new Export(format, image, VIRTUAL_MEGABYTES, false);
        Server server = contender.start(
                stage, export, run.places(), run.plan().weirOptions().of(suite()));
        int third = VIRTUAL_MEGABYTES / 3;
        List<String> target = List.of("--filename=" + run.places().inside(server.file()), "--size=" + third + "m");
        int size = run.plan().size();
        if (cell.kibibytes() >= CLUSTER_KIB) {
            run.fio().writeOnce(target, MANY, 0, megabytes(MANY, 2 * SMALL * size), TIMEOUT_SECONDS);
        }
        run.fio().writeOnce(target, cell, third, megabytes(cell, WARMUP * size), TIMEOUT_SECONDS);
        var memory = new ReadyMemory(stage.path("memory"), ready(cell, size));
        try {
            double before = server.cpuMicros();
            Fio.Figures figures = run.fio().writeOnce(target, cell, 2 * third, megabytes(cell, size), TIMEOUT_SECONDS);
            run.keep(suite(), cell.toString(), server, round, figures, server.cpuMicros() - before);
        } finally {
            memory.close();
        }
        stage.stop(server);
        Files.delete(image);
    }

    /** On each processor, in MiB: where requests are large all that is allocated, where they are small together as much. */
    private static int ready(Cell cell, int size) {
        double allocated = cell.kibibytes() < CLUSTER_KIB ? SMALL / ReadyMemory.shares() : LARGE;
        return (int) Math.ceil(TABLES * Math.max(LARGE, allocated) * size);
    }

    /**
     * What a client writes in a measurement, in MiB. A random write of less than a cluster allocates one all the same.
     *
     * @param size of other images
     */
    static int megabytes(Cell cell, int size) {
        return megabytes(cell, (cell.kibibytes() < CLUSTER_KIB ? SMALL : LARGE) * size);
    }

    private static int megabytes(Cell cell, double allocated) {
        boolean small = cell.kibibytes() < CLUSTER_KIB;
        boolean random = cell.mode().startsWith("rand");
        double written = small && random ? allocated * cell.kibibytes() / CLUSTER_KIB : allocated;
        return Math.max(1, (int) Math.round(written));
    }
}
