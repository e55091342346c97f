package dev.weir.storage;

import org.jspecify.annotations.Nullable;

/**
 * The one exception of the block layer: a small stable {@link #kind() kind} for control flow, and the context for
 * people. It carries no stack trace of its own, because it is an answer rather than a defect; the {@link #getCause()
 * cause} does.
 */
public final class BlockException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final BlockErrorKind kind;

    private BlockException(BlockErrorKind kind, String message, @Nullable Throwable cause) {
        super(message, cause, false, false);
        this.kind = kind;
    }

    /** An error that is about no particular place of a node: options, opening, permissions. */
    public static BlockException of(BlockErrorKind kind, String message) {
        return new BlockException(kind, message, null);
    }

    /** As {@link #of(BlockErrorKind, String)}, with the failure that led to it. */
    public static BlockException of(BlockErrorKind kind, String message, @Nullable Throwable cause) {
        return new BlockException(kind, message, cause);
    }

    /**
     * A failed operation on a node.
     *
     * @param operation the operation's name as in {@link BlockIo}
     * @param offset byte offset of the request, or -1 where there is none
     */
    public static BlockException failed(
            BlockErrorKind kind, String nodeName, String operation, long offset, @Nullable Throwable cause) {
        var message = new StringBuilder(nodeName).append(": ").append(operation);
        if (offset >= 0) {
            message.append(" at ").append(offset);
        }
        message.append(": ").append(kind);
        if (cause != null && cause.getMessage() != null) {
            message.append(" (").append(cause.getMessage()).append(')');
        }
        return new BlockException(kind, message.toString(), cause);
    }

    public BlockErrorKind kind() {
        return kind;
    }
}
