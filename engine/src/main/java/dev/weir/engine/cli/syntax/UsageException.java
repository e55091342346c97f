package dev.weir.engine.cli.syntax;

/** The command line is not one that the command understands; the message is one line for its user. */
public final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public UsageException(String message) {
        super(message, null, false, false);
    }
}
