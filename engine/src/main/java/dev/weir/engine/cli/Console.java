package dev.weir.engine.cli;

import java.io.PrintStream;

/** Where a command talks to, and how it hears that it is to end. */
record Console(PrintStream out, PrintStream err, SignalStop stop) {
    /** One line on standard error, whatever the message holds. */
    void fail(String message) {
        failAs("weir", message);
    }

    /** As {@link #fail}, under another name. */
    void failAs(String program, String message) {
        err.println(program + ": " + oneLine(message));
    }

    private static String oneLine(String message) {
        if (message.chars().noneMatch(Character::isISOControl)) {
            return message;
        }
        return message.strip().replace('\n', ' ').replaceAll("\\p{Cntrl}", "?");
    }
}
