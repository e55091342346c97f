package dev.weir.engine.cli;

import dev.weir.engine.cli.client.QmpClientException;
import dev.weir.fuse.device.FuseMountException;
import dev.weir.storage.BlockException;

/** What a user is told about a failure. */
final class Failures {
    private Failures() {}

    /** One sentence; failures that nobody foresaw are told with their type. */
    static String message(Throwable failure) {
        String message = failure.getMessage();
        boolean foreseen = failure instanceof BlockException
                || failure instanceof FuseMountException
                || failure instanceof QmpClientException;
        return foreseen && message != null ? message : failure.toString();
    }
}
