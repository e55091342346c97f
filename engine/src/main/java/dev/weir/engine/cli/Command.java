package dev.weir.engine.cli;

import dev.weir.engine.cli.syntax.Arguments;
import dev.weir.engine.cli.syntax.Syntax;

/** One command of {@code weir}. */
interface Command {
    Syntax syntax();

    /**
     * Runs it on the main thread, until its end.
     *
     * @return the exit status
     * @throws dev.weir.engine.cli.syntax.UsageException where what it was given makes no sense together
     */
    int run(Arguments arguments, Console console) throws Exception;

    /** Whether help and completion leave it out. */
    default boolean hidden() {
        return false;
    }
}
