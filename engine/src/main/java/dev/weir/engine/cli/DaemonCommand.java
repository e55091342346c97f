package dev.weir.engine.cli;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.metrics.MetricsServer;
import dev.weir.engine.qmp.QmpServer;
import dev.weir.storage.BlockException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Stack;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weir daemon}: many exports in one process, with the command line and the control protocol of QEMU's daemon. */
@Command(
        name = "daemon",
        customSynopsis = "weir daemon [OPTION]...",
        descriptionHeading = "%n",
        description = "Serves the exports that the options and clients of its control sockets ask for,"
                + " with the options of qemu-storage-daemon, from left to right.",
        optionListHeading = "%nOptions:%n",
        sortOptions = false,
        footerHeading = "%n",
        footer = {
            "Options of a node, export or object are key=value pairs or a JSON object; a comma",
            "in a value is written twice.",
            "",
            "Examples:",
            "  weir daemon --blockdev file,node-name=f,filename=disk.raw \\",
            "      --export fuse,id=e,node-name=f,mountpoint=mnt.raw,writable=on",
            "  weir daemon --chardev socket,id=c,path=qmp.sock,server=on,wait=off \\",
            "      --monitor c --daemonize --pidfile weir.pid",
            "",
            "Exit status: 0 ended as asked, and everything written is on the images;",
            "1 anything else."
        })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DaemonCommand implements Callable<Integer> {
    private static final Duration SHUTDOWN_LIMIT = Duration.ofSeconds(30);

    private static final String OWN_NAME = "weir daemon";

    private final Console console;
    private final List<DaemonStep> steps = new ArrayList<>();

    @Option(
            names = "--blockdev",
            paramLabel = "NODE",
            parameterConsumer = Step.class,
            description = "Open a node: driver=DRIVER,node-name=NAME and the driver's options."
                    + " Drivers: file, memory, null-co, raw, throttle.")
    private List<String> blockdevs;

    @Option(
            names = "--export",
            paramLabel = "EXPORT",
            parameterConsumer = Step.class,
            description = "Export a node: type=fuse,id=ID,node-name=NAME,mountpoint=FILE[,writable=on|off]"
                    + "[,growable=on|off][,writethrough=on|off][,allow-other=auto|on|off]"
                    + "[,kernel-cache=off|on|auto][,passthrough=off|on|auto][,client-affinity=on|off][,iothread=ID].")
    private List<String> exports;

    @Option(
            names = "--object",
            paramLabel = "OBJECT",
            parameterConsumer = Step.class,
            description = "Make an object: qom-type=iothread|throttle-group|secret,id=ID and its properties.")
    private List<String> objects;

    @Option(
            names = "--chardev",
            paramLabel = "CHARDEV",
            parameterConsumer = Step.class,
            description = "Open a way for clients: socket,id=ID,path=SOCKET[,server=on][,wait=off], socket,id=ID,fd=N,"
                    + " stdio,id=ID or null,id=ID.")
    private List<String> chardevs;

    @Option(
            names = "--monitor",
            paramLabel = "MONITOR",
            parameterConsumer = Step.class,
            description = "Listen to a chardev's clients: chardev=ID[,pretty=on|off].")
    private List<String> monitors;

    @Option(
            names = "--metrics",
            paramLabel = "ADDRESS",
            description = "Answer GET /metrics in Prometheus' format on unix:SOCKET or on a port of this host,"
                    + " such as 127.0.0.1:9100.")
    private @Nullable String metrics;

    @Option(
            names = "--max-in-flight-total",
            paramLabel = "SIZE",
            description =
                    "Memory for requests in flight of all exports together, 2M or more; each export takes a little"
                            + " more than 1M of it (512M, or 3/4 of the JVM's direct memory if less).")
    private @Nullable ByteSize maxInFlightTotal;

    @Option(
            names = "--pidfile",
            paramLabel = "FILE",
            description = "Write the process's id to FILE once everything is up; held locked, and removed at the end.")
    private @Nullable String pidfile;

    @Option(
            names = "--daemonize",
            description = "Go on in the background once everything is up. Unlike QEMU's, the daemon stays in the"
                    + " directory in which it was started: relative names that clients give count from there,"
                    + " not from /.")
    private boolean daemonize;

    @Option(
            names = {"-T", "--trace"},
            paramLabel = "SPEC",
            description = "Taken for compatibility, without effect.")
    private List<String> traces;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Print the version, and do nothing.")
    private boolean version;

    @Mixin
    private final HelpOption help = new HelpOption();

    @Spec
    private CommandSpec spec;

    /** Keeps the options in the order in which they were given. */
    static final class Step implements IParameterConsumer {
        @Override
        public void consumeParameters(Stack<String> words, ArgSpec argument, CommandSpec command) {
            String name = ((OptionSpec) argument).longestName();
            if (words.isEmpty()) {
                throw new ParameterException(command.commandLine(), "option '" + name + "' requires an argument");
            }
            ((DaemonCommand) command.userObject()).steps.add(new DaemonStep(name, words.pop()));
        }
    }

    DaemonCommand(Console console) {
        this.console = console;
    }

    /** The name in messages: that of the program that was called. */
    static String program() {
        return System.getProperty("weir.program", OWN_NAME);
    }

    /** Under another name it tells, as callers of QEMU's daemon expect, which version it can take the place of. */
    static String[] versionText() {
        return program().equals(OWN_NAME)
                ? Main.version()
                : new String[] {program() + " version " + QmpServer.qemuVersion() + " (" + Main.version()[0] + ")"};
    }

    @Override
    public Integer call() throws Exception {
        try {
            return serve();
        } catch (BlockException e) {
            console.failAs(program(), Failures.message(e));
            return Main.FAILURE;
        }
    }

    private int serve() throws Exception {
        ConsoleLog.configure(false);
        String helped = DaemonHelp.of(steps);
        if (helped != null) {
            console.out().print(helped);
            return 0;
        }
        var quit = new CompletableFuture<Void>();
        var builder = BlockEngine.builder().ioThread("main-loop");
        MetricsServer meters = null;
        if (metrics != null) {
            meters = new MetricsServer(metrics);
            builder.meterRegistry(meters.registry());
        }
        if (maxInFlightTotal != null) {
            builder.maxInFlightBytes(maxInFlightTotal.bytes());
        }
        CompilerThreads.giveWay();
        BlockEngine engine = builder.build();
        console.stop().arm(() -> quit.complete(null), SHUTDOWN_LIMIT);
        var daemon = new Daemon(engine, meters, () -> quit.complete(null));
        int status = 0;
        try (var pid = new Pidfile()) {
            for (DaemonStep step : steps) {
                daemon.run(step);
                if (quit.isDone()) {
                    break;
                }
            }
            if (pidfile != null) {
                pid.write(pidfile);
            }
            daemon.serve();
            if (daemonize) {
                Readiness.tell();
            }
            quit.get();
        } catch (DaemonStep.Failure failure) {
            console.failAs(program(), failure.getMessage());
            status = Main.FAILURE;
        } finally {
            status = Math.max(status, end(daemon));
        }
        return status;
    }

    private int end(Daemon daemon) throws InterruptedException {
        try {
            Outcome.of(daemon.shutdown());
            return 0;
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            console.failAs(program(), Failures.message(e));
            return Main.FAILURE;
        }
    }
}
