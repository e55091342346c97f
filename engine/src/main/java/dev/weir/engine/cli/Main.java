package dev.weir.engine.cli;

import java.io.PrintStream;
import java.util.List;

/** The entry point of the {@code weir} command. */
public final class Main {
    private static final String USAGE = "Usage: weir [--help] [--version]";

    private Main() {}

    /** Runs the command and exits with its status. */
    public static void main(String[] args) {
        int status = run(List.of(args), System.out, System.err);
        if (status != 0) {
            System.exit(status);
        }
    }

    /** Runs the command; 0 is success, 2 a usage error. */
    static int run(List<String> args, PrintStream out, PrintStream err) {
        switch (args.isEmpty() ? "--help" : args.get(0)) {
            case "--help" -> out.println(USAGE);
            case "--version" -> out.println("weir " + version());
            // bin/weir runs this once for each JVM and archives the classes that it loaded: load what an export loads.
            case "--train" -> {}
            default -> {
                err.println("weir: unknown argument '" + args.get(0) + "'");
                return 2;
            }
        }
        return 0;
    }

    private static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }
}
