package dev.weir.engine.control;

import dev.weir.engine.BlockEngine;
import dev.weir.engine.IoThread;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;

/** {@code iothread}: an event loop. Of QEMU's properties {@code poll-max-ns} has an effect; the others are taken. */
final class IoThreadObject implements UserObject {
    private static final String POLL_MAX_NS = "poll-max-ns";
    private static final List<String> WITHOUT_EFFECT =
            List.of("aio-max-batch", "thread-pool-min", "thread-pool-max", "poll-grow", "poll-shrink", "poll-weight");

    /** What {@link #create} reads. */
    static final OptionSchema OPTIONS = OptionSchema.of(Stream.concat(Stream.of(POLL_MAX_NS), WITHOUT_EFFECT.stream())
            .map(Option::integer)
            .toList());

    private static final int LONGEST_POLL = 1_000_000_000;

    private final BlockEngine engine;
    private final IoThread thread;

    private IoThreadObject(BlockEngine engine, IoThread thread) {
        this.engine = engine;
        this.thread = thread;
    }

    static UserObject create(BlockEngine engine, String id, OptionReader options) {
        OptionalLong poll = range(options, POLL_MAX_NS);
        for (String property : WITHOUT_EFFECT) {
            range(options, property);
        }
        OptionalInt nanos =
                poll.isPresent() ? OptionalInt.of((int) Math.min(LONGEST_POLL, poll.getAsLong())) : OptionalInt.empty();
        return new IoThreadObject(engine, engine.addIoThread(id, nanos));
    }

    private static OptionalLong range(OptionReader options, String property) {
        OptionalLong value = options.integer(property);
        if (value.isPresent() && value.getAsLong() < 0) {
            throw BlockException.of(
                    BlockErrorKind.INVALID, property + " value must be in range [0, " + Long.MAX_VALUE + "]");
        }
        return value;
    }

    @Override
    public String type() {
        return "iothread";
    }

    @Override
    public Map<String, Object> properties() {
        return Map.of("type", type(), POLL_MAX_NS, (long) thread.pollMaxNanos());
    }

    @Override
    public void set(String property, OptionReader value) {
        throw BlockException.of(BlockErrorKind.INVALID, "Property 'iothread." + property + "' is not writable");
    }

    @Override
    public Mono<Void> delete() {
        return engine.removeIoThread(thread.id());
    }
}
