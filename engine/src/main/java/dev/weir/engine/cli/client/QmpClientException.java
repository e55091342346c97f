package dev.weir.engine.cli.client;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A conversation with a daemon that failed, or a command that it refused; the message is one for users. */
public final class QmpClientException extends IOException {
    private static final long serialVersionUID = 1L;

    private final @Nullable String errorClass;

    /** @param message one sentence, for users */
    public QmpClientException(String message, @Nullable Throwable cause) {
        super(message, cause);
        this.errorClass = null;
    }

    private QmpClientException(String errorClass, String message) {
        super(message);
        this.errorClass = errorClass;
    }

    static QmpClientException refused(String errorClass, String message) {
        return new QmpClientException(errorClass, message);
    }

    /** Whether the daemon answered, and the conversation can go on. */
    public boolean refusal() {
        return errorClass != null;
    }

    /** Whether the daemon does not know the command. */
    boolean unknownCommand() {
        return "CommandNotFound".equals(errorClass);
    }
}
