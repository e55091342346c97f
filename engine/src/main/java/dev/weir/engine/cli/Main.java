package dev.weir.engine.cli;

import dev.weir.engine.cli.syntax.Arguments;
import dev.weir.engine.cli.syntax.Help;
import dev.weir.engine.cli.syntax.Option;
import dev.weir.engine.cli.syntax.Suggestion;
import dev.weir.engine.cli.syntax.Syntax;
import dev.weir.engine.cli.syntax.UsageException;
import java.util.List;

/** The entry point of the {@code weir} command. */
public final class Main {
    static final int FAILURE = 1;
    static final int USAGE = 2;

    private static final Option VERSION = Option.flag("version", 'V', "Print the version, and do nothing.");

    /** What {@code weir} itself takes in place of a command. */
    static final List<Option> OPTIONS = List.of(Syntax.HELP, VERSION);

    private static final List<Command> COMMANDS =
            List.of(new ExportCommand(), new CompletionCommand(), new TrainCommand());

    private Main() {}

    /** Runs the command and exits with its status: 0 success, 1 failure, 2 wrong usage. */
    public static void main(String[] args) {
        var stop = new SignalStop();
        stop.install();
        int status = run(List.of(args), new Console(System.out, System.err, stop));
        stop.ended(status);
        System.exit(status);
    }

    static int run(List<String> words, Console console) {
        try {
            return dispatch(words, console);
        } catch (UsageException e) {
            console.fail(Failures.message(e));
            return USAGE;
        } catch (Exception | LinkageError | OutOfMemoryError e) {
            console.fail(Failures.message(e));
            return FAILURE;
        } finally {
            console.out().flush();
        }
    }

    private static int dispatch(List<String> words, Console console) throws Exception {
        String first = words.isEmpty() ? "--help" : words.get(0);
        switch (first) {
            case "-h", "--help", "help" -> {
                console.out().print(help());
                return 0;
            }
            case "-V", "--version" -> {
                console.out().println("weir " + version());
                return 0;
            }
            default -> {
                Command command = find(first);
                Arguments arguments = command.syntax().parse(words.subList(1, words.size()));
                if (arguments.has(Syntax.HELP)) {
                    console.out().print(Help.of(command.syntax()));
                    return 0;
                }
                return command.run(arguments, console);
            }
        }
    }

    private static Command find(String name) {
        for (Command command : COMMANDS) {
            if (command.syntax().command().equals("weir " + name)) {
                return command;
            }
        }
        List<String> known = name.startsWith("-")
                ? OPTIONS.stream().map(Option::dashed).toList()
                : visibleCommands().stream()
                        .map(command -> command.syntax().command().substring("weir ".length()))
                        .toList();
        String what = name.startsWith("-") ? "unknown option '" : "unknown command '";
        throw new UsageException(what + name + "'" + Suggestion.of(name, known, "; see 'weir --help'"));
    }

    static List<Command> visibleCommands() {
        return COMMANDS.stream().filter(command -> !command.hidden()).toList();
    }

    private static String help() {
        var commands = visibleCommands().stream()
                .map(Command::syntax)
                .map(syntax -> new Syntax.Operand(syntax.command(), syntax.summary()))
                .toList();
        var weir = new Syntax(
                "weir",
                "Shows block devices as raw image files through FUSE.",
                List.of(),
                List.of(new Syntax.Section("Options", OPTIONS)),
                List.of("'weir COMMAND --help' tells the options of a command."));
        return Help.of(weir).replaceFirst("\\[OPTION\\]\\.\\.\\.", "COMMAND [OPTION]...")
                + "\n"
                + Help.table("Commands:", commands);
    }

    private static String version() {
        String version = Main.class.getPackage().getImplementationVersion();
        return version == null ? "unpackaged" : version;
    }
}
