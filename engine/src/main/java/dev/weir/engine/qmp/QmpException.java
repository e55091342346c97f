package dev.weir.engine.qmp;

import dev.weir.fuse.device.FuseMountException;
import dev.weir.storage.BlockException;

/** What a command is answered with where it fails. */
final class QmpException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The classes of errors that QMP has, of those that are used here. */
    enum ErrorClass {
        GENERIC("GenericError"),
        COMMAND_NOT_FOUND("CommandNotFound"),
        DEVICE_NOT_FOUND("DeviceNotFound");

        final String wireName;

        ErrorClass(String wireName) {
            this.wireName = wireName;
        }
    }

    private final ErrorClass errorClass;

    QmpException(ErrorClass errorClass, String description) {
        super(description, null, false, false);
        this.errorClass = errorClass;
    }

    QmpException(String description) {
        this(ErrorClass.GENERIC, description);
    }

    static QmpException of(Throwable failure) {
        if (failure instanceof QmpException known) {
            return known;
        }
        String message = failure.getMessage();
        return new QmpException(message != null && tellsItself(failure) ? message : failure.toString());
    }

    /** Whether the message was made for users. */
    private static boolean tellsItself(Throwable failure) {
        return failure instanceof BlockException
                || failure instanceof FuseMountException
                || failure instanceof IllegalArgumentException
                || failure instanceof IllegalStateException;
    }

    String errorClass() {
        return errorClass.wireName;
    }

    String description() {
        return String.valueOf(getMessage());
    }
}
