package dev.weir.engine.control;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.IoThread;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;

/** {@code iothread}: an event loop. Of QEMU's properties {@code poll-max-ns} has an effect; the others are kept. */
final class IoThreadObject implements UserObject {
    private static final String POLL_MAX_NS = "poll-max-ns";
    private static final String POLL_WEIGHT = "poll-weight";
    private static final String POOL_MIN = "thread-pool-min";
    private static final String POOL_MAX = "thread-pool-max";

    /** QEMU's defaults of what has no effect here. */
    private static final Map<String, Long> WITHOUT_EFFECT = Map.of(
            "aio-max-batch", 0L, POOL_MIN, 0L, POOL_MAX, 64L, "poll-grow", 2L, "poll-shrink", 2L, POLL_WEIGHT, 3L);

    /** What {@link #create} reads. */
    static final OptionSchema OPTIONS = OptionSchema.of(
            Stream.of("aio-max-batch", POOL_MIN, POOL_MAX, POLL_MAX_NS, "poll-grow", "poll-shrink", POLL_WEIGHT)
                    .map(Option::integer)
                    .toList());

    private static final int LONGEST_POLL = 1_000_000_000;
    private static final long LARGEST_WEIGHT = 63;

    private final BlockEngine engine;
    private final IoThread thread;

    /** All but the type; replaced as a whole. */
    private volatile Map<String, Long> values;

    private IoThreadObject(BlockEngine engine, IoThread thread, Map<String, Long> values) {
        this.engine = engine;
        this.thread = thread;
        this.values = values;
    }

    static UserObject create(BlockEngine engine, String id, OptionReader options) {
        var values = new HashMap<>(WITHOUT_EFFECT);
        for (Option<?> option : OPTIONS.options()) {
            take(options, option.name(), values);
        }
        requirePool(values);
        Long poll = values.get(POLL_MAX_NS);
        IoThread thread = engine.addIoThread(id, poll == null ? OptionalInt.empty() : OptionalInt.of(nanos(poll)));
        values.putIfAbsent(POLL_MAX_NS, (long) thread.pollMaxNanos());
        return new IoThreadObject(engine, thread, Map.copyOf(values));
    }

    private static void take(OptionReader options, String property, Map<String, Long> values) {
        long largest = property.equals(POLL_WEIGHT) ? LARGEST_WEIGHT : Long.MAX_VALUE;
        options.integer(property).ifPresent(value -> {
            if (value < 0 || value > largest) {
                throw invalid(property + " value must be in range [0, " + largest + "]");
            }
            values.put(property, value);
        });
    }

    private static void requirePool(Map<String, Long> values) {
        long most = values.getOrDefault(POOL_MAX, 0L);
        if (most == 0 || values.getOrDefault(POOL_MIN, 0L) > most) {
            throw invalid("bad thread-pool-min/thread-pool-max values");
        }
    }

    private static int nanos(long value) {
        return (int) Math.min(LONGEST_POLL, value);
    }

    @Override
    public String type() {
        return "iothread";
    }

    @Override
    public Map<String, Object> properties() {
        var properties = new HashMap<String, Object>(values);
        properties.put("type", type());
        return properties;
    }

    @Override
    public synchronized void set(String property, OptionReader value) {
        if (OPTIONS.find(property) == null) {
            throw invalid("Property 'iothread." + property + "' is not writable");
        }
        var changed = new HashMap<>(values);
        take(value, property, changed);
        requirePool(changed);
        values = Map.copyOf(changed);
        thread.pollMaxNanos(nanos(changed.getOrDefault(POLL_MAX_NS, 0L)));
    }

    @Override
    public Mono<Void> delete() {
        return engine.removeIoThread(thread.id());
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
