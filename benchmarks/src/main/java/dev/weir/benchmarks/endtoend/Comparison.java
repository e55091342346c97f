package dev.weir.benchmarks.endtoend;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code run.sh}: mounted exports side by side. */
@Command(
        name = "run.sh",
        description = {
            "Compares mounted exports of a raw image: Weir, the synchronous jnr-fuse file system, qemu-storage-daemon.",
            "Every round runs each cell on every server, in alternating order; the ratio is the median of the rounds'."
        },
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        sortOptions = false)
public final class Comparison implements Callable<Integer> {
    @Option(
            names = "--servers",
            split = ",",
            paramLabel = "NAME",
            description = "weir, jnr-fuse, qsd (default: all that are here).")
    private List<Contender> servers = new ArrayList<>();

    @Option(
            names = "--cells",
            split = ",",
            paramLabel = "CELL",
            defaultValue =
                    "randread:4k:1,randread:4k:32,randread:4k:32:4,randwrite:4k:1,randwrite:4k:32,read:1m:4,write:1m:4",
            description = "rw:block-size:depth[:jobs] (default: ${DEFAULT-VALUE}).")
    private List<Cell> cells = new ArrayList<>();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "Rounds (default: ${DEFAULT-VALUE}).")
    private int rounds;

    @Option(
            names = "--runtime",
            paramLabel = "SECONDS",
            defaultValue = "1",
            description = "Of one measurement (default: ${DEFAULT-VALUE}).")
    private int runtime;

    @Option(
            names = "--warmup",
            paramLabel = "SECONDS",
            defaultValue = "4",
            description = "Of each server, with the first and the last cell (default: ${DEFAULT-VALUE}).")
    private int warmup;

    @Option(
            names = "--size",
            paramLabel = "MIB",
            defaultValue = "512",
            description = "Of each image (default: ${DEFAULT-VALUE}).")
    private int size;

    @Option(names = "--ioengine", defaultValue = "io_uring", description = "fio's (default: ${DEFAULT-VALUE}).")
    private String engine = "";

    @Option(names = "--directory", description = "Where images and mounts go (default: in memory).")
    private @Nullable Path directory;

    @Option(
            names = "--peers",
            defaultValue = "/opt/weir-peers",
            description = "Root folder with qemu-storage-daemon (default: ${DEFAULT-VALUE}).")
    private Path peers = Path.of("");

    @Option(names = "--weir", defaultValue = "${sys:weir.launcher:-bin/weir}", description = "Weir's launcher.")
    private Path launcher = Path.of("");

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /** The program. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Comparison())
                .registerConverter(Cell.class, Cell::parse)
                .registerConverter(Contender.class, Comparison::contender)
                .execute(arguments));
    }

    private static Contender contender(String text) {
        for (Contender contender : Contender.values()) {
            if (contender.text().equals(text)) {
                return contender;
            }
        }
        throw new CommandLine.TypeConversionException("no such server: " + text);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        try {
            compare();
            return 0;
        } catch (ComparisonException e) {
            spec.commandLine().getErr().println("run.sh: " + e.getMessage());
            return 1;
        }
    }

    private void compare() throws IOException, InterruptedException, ComparisonException {
        var settings = new Settings(launcher.toAbsolutePath(), peers.toAbsolutePath());
        require(Files.isReadable(Path.of("/dev/fuse")), "there is no /dev/fuse here, or no right to it");
        require(onPath("fio"), "fio is needed: apt-get install fio");
        require(rounds > 0 && runtime > 0 && size > 0, "--rounds, --runtime and --size are positive");
        Path parent = directory == null ? settings.memory() : directory;
        Stage stage = Stage.in(parent, size);
        // The one place that cleans up, so that an interrupt leaves no mount behind either.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> closeAtExit(stage)));
        List<Server> started = new ArrayList<>();
        for (Contender contender : contenders(settings)) {
            started.add(stage.started(contender.start(stage, settings)));
        }
        run(started);
    }

    private List<Contender> contenders(Settings settings) {
        if (!servers.isEmpty()) {
            return servers;
        }
        return settings.hasPeers() && directory == null
                ? List.of(Contender.values())
                : List.of(Contender.WEIR, Contender.JNR_FUSE);
    }

    private void run(List<Server> started) throws IOException, InterruptedException, ComparisonException {
        var fio = new Fio(engine, size);
        for (Server server : started) {
            for (Cell cell : List.of(cells.get(0), cells.get(cells.size() - 1))) {
                if (warmup > 0) {
                    fio.run(server.file(), cell, warmup);
                }
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        var table = new ResultTable(started.stream().map(Server::name).toList());
        out.println(table.head());
        for (Cell cell : cells) {
            Map<String, List<Measurement>> results = new LinkedHashMap<>();
            started.forEach(server -> results.put(server.name(), new ArrayList<>()));
            for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < started.size(); i++) {
                    Server server = started.get(round % 2 == 0 ? i : started.size() - 1 - i);
                    results.getOrDefault(server.name(), new ArrayList<>()).add(fio.run(server.file(), cell, runtime));
                }
            }
            out.println(table.row(cell, results));
            out.flush();
        }
    }

    private static void closeAtExit(Stage stage) {
        try {
            stage.close();
        } catch (IOException | InterruptedException e) {
            System.err.println("run.sh: left behind: " + e.getMessage());
        }
    }

    private static void require(boolean condition, String otherwise) throws ComparisonException {
        if (!condition) {
            throw new ComparisonException(otherwise);
        }
    }

    private static boolean onPath(String program) {
        for (String entry : System.getenv("PATH").split(":")) {
            if (Files.isExecutable(Path.of(entry, program))) {
                return true;
            }
        }
        return false;
    }
}
