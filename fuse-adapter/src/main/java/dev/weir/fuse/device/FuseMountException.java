package dev.weir.fuse.device;

import org.jspecify.annotations.Nullable;

/** A file system could not be mounted or unmounted; the message is fit for a user. */
public final class FuseMountException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public FuseMountException(String message) {
        this(message, null);
    }

    public FuseMountException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
