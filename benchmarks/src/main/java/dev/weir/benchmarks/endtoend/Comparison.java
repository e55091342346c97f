package dev.weir.benchmarks.endtoend;

import dev.weir.benchmarks.report.Report;
import dev.weir.benchmarks.report.Results;
import dev.weir.benchmarks.report.Suite;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code run.sh}: mounted exports side by side, and the report. */
@Command(
        name = "run.sh",
        description = {
            "Measures mounted exports of Weir and of qemu-storage-daemon side by side, and writes a report with charts.",
            "",
            "Every round runs each cell on every server, in alternating order; a ratio is that of one round, to the better of"
                    + " QEMU's two configurations, and what is quoted is the median of the rounds.",
            ""
        },
        footer = {
            "",
            "Suites: raw-memory, raw-disk, raw-direct, null, qcow2, first-writes, sequential, scaling, garbage.",
            "Servers: weir, qsd (QEMU, one event loop), qsd-mt (QEMU 11, two I/O threads), jnr-fuse, minimal and minimal-mt (a"
                    + " yardstick in C that only receives, copies and answers; one thread and two).",
            "",
            "Examples:",
            "  run.sh --peers ROOT                all of it, to benchmarks/report.md",
            "  run.sh --peers ROOT --quick        a look, three minutes",
            "  run.sh --only raw-memory,qcow2     two suites only",
            "  run.sh --report FIGURES.json       the report again, without measuring",
            "",
            "Exit status: 0 measured; 1 something could not be measured; 2 wrong usage."
        },
        customSynopsis = "run.sh [OPTION]...",
        usageHelpAutoWidth = true,
        sortOptions = false)
public final class Comparison implements Callable<Integer> {
    @ArgGroup(exclusive = false, heading = "What is measured:%n")
    private PlanOptions planOptions = new PlanOptions();

    @Option(
            names = "--peers",
            paramLabel = "ROOT",
            description = "Root folder with qemu-storage-daemon and fio, for which one has to be root"
                    + " (default: those on the PATH, as far as they are there).")
    private @Nullable Path peers;

    @Option(names = "--memory", paramLabel = "DIR", description = "In memory (default: /dev/shm, or ROOT/mnt/bench).")
    private @Nullable Path memory;

    @Option(names = "--disk", paramLabel = "DIR", description = "On a disk (default: /var/tmp, or ROOT/var/tmp).")
    private @Nullable Path disk;

    @Option(names = "--ioengine", defaultValue = "io_uring", description = "fio's (default: ${DEFAULT-VALUE}).")
    private String engine = "";

    @Option(names = "--weir", defaultValue = "${sys:weir.launcher:-bin/weir}", description = "Weir's launcher.")
    private Path launcher = Path.of("");

    @Option(
            names = "--output",
            paramLabel = "DIR",
            description =
                    "Where report.md and the directory report go (default: benchmarks; target/report in there when only"
                            + " a part is measured).")
    private @Nullable Path output;

    @Option(names = "--report", paramLabel = "FILE", description = "Only write the report of these raw figures again.")
    private @Nullable Path figures;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    private boolean help;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    /** The program. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Comparison())
                .registerConverter(Cell.class, converter(Cell::parse))
                .registerConverter(Suite.class, converter(Suite::of))
                .registerConverter(Contender.class, converter(Contender::of))
                .setParameterExceptionHandler((e, all) -> {
                    e.getCommandLine().getErr().println("run.sh: " + e.getMessage() + "; see run.sh --help");
                    return e.getCommandLine().getCommandSpec().exitCodeOnInvalidInput();
                })
                .execute(arguments));
    }

    private static <T> CommandLine.ITypeConverter<T> converter(Function<String, T> parser) {
        return text -> {
            try {
                return parser.apply(text);
            } catch (IllegalArgumentException e) {
                throw new CommandLine.TypeConversionException(e.getMessage());
            }
        };
    }

    @Override
    public Integer call() throws InterruptedException {
        try {
            planOptions.check(spec.commandLine());
            boolean whole = figures != null ? write(Results.read(figures)) : measure();
            return whole ? 0 : 1;
        } catch (ComparisonException e) {
            complain(String.valueOf(e.getMessage()));
        } catch (IOException e) {
            complain(e.toString());
        }
        return 1;
    }

    private boolean measure() throws IOException, InterruptedException, ComparisonException {
        Path benchmarks = benchmarks();
        Places places = Places.find(launcher.toAbsolutePath(), peers, memory, disk, MinimalServer.program(benchmarks));
        if (!Files.isReadable(Path.of("/dev/fuse"))) {
            throw new ComparisonException("there is no /dev/fuse here, or no right to it");
        }
        if (peers == null && !Places.onPath("fio")) {
            throw new ComparisonException("fio is needed: apt-get install fio");
        }
        var clients = new Clients();
        var machine = new Machine(clients, places);
        List<String> notes = new ArrayList<>();
        Plan plan = planOptions.plan(machine.contenders(notes), machine.weirHelp());
        if (plan.contenders().stream().anyMatch(Contender::isMinimal)) {
            MinimalServer.compile(benchmarks, clients);
        }
        var progress = new Progress(System.err, Boolean.getBoolean("weir.terminal"));
        var run = new Run(plan, places, new Fio(clients, places, engine), progress);
        run.notes().addAll(notes);
        // The one place that cleans up after an interrupt.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> closeAtExit(run)));
        var environment = machine.describe(planOptions.text(), plan.weirOptions());
        boolean whole = new Sequence(run, environment, spec.commandLine().getOut(), this::complain)
                .measure(Files.createDirectories(output().resolve(Report.DIRECTORY))
                        .resolve("figures.partial.json"));
        var results = run.results(environment);
        if (clients.isClosed()) {
            throw new ComparisonException("interrupted");
        }
        if (results.samples().isEmpty() && results.heap().isEmpty()) {
            throw new ComparisonException("nothing was measured");
        }
        results.write(output().resolve(Report.DIRECTORY).resolve(Report.FIGURES));
        return write(results) && whole;
    }

    private boolean write(Results results) throws IOException {
        Path directory = Files.createDirectories(output());
        var missing = Report.write(results, directory);
        missing.ifPresent(why -> complain("no charts: " + why));
        PrintWriter out = spec.commandLine().getOut();
        out.println(Report.targets(results));
        out.println(directory.resolve(Report.FILE).normalize());
        out.flush();
        return missing.isEmpty();
    }

    private Path output() {
        if (output != null) {
            return output;
        }
        Path benchmarks = benchmarks();
        return figures == null && planOptions.isPart() ? benchmarks.resolve("target/report") : benchmarks;
    }

    private static Path benchmarks() {
        return Path.of(System.getProperty("weir.benchmarks", "benchmarks"));
    }

    private void closeAtExit(Run run) {
        try {
            run.close();
        } catch (IOException e) {
            complain("left behind: " + e.getMessage());
        }
    }

    private void complain(String message) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("run.sh: " + message);
        err.flush();
    }
}
