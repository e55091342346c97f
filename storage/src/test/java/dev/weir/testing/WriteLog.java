package dev.weir.testing;

import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Writes down what one or more devices changed, in the order in which the requests ended, and when they were flushed. It
 * is the clock of a test too: each entry, and each {@link #tick}, has a time of its own.
 */
public final class WriteLog {
    /**
     * A request that has ended well.
     *
     * @param file which of the devices
     * @param data of a write
     * @param forced whether it was stable when it ended
     * @param begun the time when the request came
     * @param ended the time when it had ended
     */
    public record Entry(
            int file,
            DeviceFilter.Kind kind,
            long offset,
            long length,
            byte @Nullable [] data,
            boolean forced,
            int begun,
            int ended) {}

    private final List<Entry> entries = new ArrayList<>();
    private int files;
    private int clock;

    /** The device, written down from now on. Devices are numbered in the order of these calls, from 0. */
    public synchronized BlockDevice record(BlockDevice below) {
        int file = files++;
        return new DeviceFilter(below) {
            @Override
            protected Mono<Void> pass(Request request, Mono<Void> operation) {
                if (request.kind() == Kind.READ) {
                    return operation;
                }
                int begun = tick();
                byte[] data = null;
                if (request.buffer() != null) {
                    data = new byte[(int) request.length()];
                    request.buffer().get(data);
                }
                byte[] written = data;
                return operation.doOnSuccess(nothing -> add(file, request, written, begun));
            }
        };
    }

    private synchronized void add(int file, DeviceFilter.Request request, byte @Nullable [] data, int begun) {
        boolean forced = request.flags().contains(WriteFlag.FUA);
        entries.add(new Entry(file, request.kind(), request.offset(), request.length(), data, forced, begun, tick()));
    }

    /** A new time, later than all before. */
    public synchronized int tick() {
        return clock++;
    }

    public synchronized List<Entry> entries() {
        return List.copyOf(entries);
    }

    synchronized int files() {
        return files;
    }
}
