package dev.weir.engine.qmp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.BlockExport;
import dev.weir.engine.control.Control;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** Turns what happens into events. An error of I/O is told once a second for each export and direction. */
final class QmpEvents implements Control.Listener {
    private static final Duration ERROR_INTERVAL = Duration.ofSeconds(1);

    private final Executor loop;
    private final Consumer<ObjectNode> sink;

    /** When an error was told last, by export and direction. Confined to the loop. */
    private final Map<String, Instant> told = new HashMap<>();

    /** @param sink gets the events, on the loop */
    QmpEvents(Executor loop, Consumer<ObjectNode> sink) {
        this.loop = loop;
        this.sink = sink;
    }

    @Override
    public void exportDeleted(String id) {
        Instant now = Instant.now();
        loop.execute(() -> {
            told.keySet().removeIf(key -> key.startsWith(id + " "));
            send(now, "BLOCK_EXPORT_DELETED", QmpCommands.JSON.objectNode().put("id", id));
        });
    }

    @Override
    public void ioError(BlockExport export, String operation, BlockException failure) {
        if (!isIoError(failure.kind())) {
            return;
        }
        Instant now = Instant.now();
        String direction = operation.equals("read") || operation.equals("blockStatus") ? "read" : "write";
        loop.execute(() -> {
            Instant last = told.get(export.id() + " " + direction);
            if (last != null && now.isBefore(last.plus(ERROR_INTERVAL))) {
                return;
            }
            told.put(export.id() + " " + direction, now);
            ObjectNode data = QmpCommands.JSON.objectNode();
            data.put("qom-path", export.id())
                    .put("device", "")
                    .put("node-name", export.nodeName())
                    .put("operation", direction)
                    .put("action", "report")
                    .put("nospace", failure.kind() == BlockErrorKind.NO_SPACE)
                    .put("reason", reason(failure.kind()));
            send(now, "BLOCK_IO_ERROR", data);
        });
    }

    /** Whether the storage failed, and not whoever asked. */
    private static boolean isIoError(BlockErrorKind kind) {
        return switch (kind) {
            case IO, NO_SPACE, QUOTA_EXCEEDED, FILE_TOO_LARGE, NO_MEMORY, TIMED_OUT, BUSY, NOT_FOUND -> true;
            default -> false;
        };
    }

    private static String reason(BlockErrorKind kind) {
        return switch (kind) {
            case NO_SPACE -> "No space left on device";
            case QUOTA_EXCEEDED -> "Disk quota exceeded";
            case FILE_TOO_LARGE -> "File too large";
            case NO_MEMORY -> "Cannot allocate memory";
            case TIMED_OUT -> "Connection timed out";
            case BUSY -> "Device or resource busy";
            case NOT_FOUND -> "No such file or directory";
            default -> "Input/output error";
        };
    }

    private void send(Instant now, String name, ObjectNode data) {
        ObjectNode event = QmpCommands.JSON.objectNode();
        event.putObject("timestamp").put("seconds", now.getEpochSecond()).put("microseconds", now.getNano() / 1000);
        event.put("event", name).set("data", data);
        sink.accept(event);
    }
}
