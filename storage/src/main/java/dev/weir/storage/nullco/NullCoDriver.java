package dev.weir.storage.nullco;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import dev.weir.storage.spi.ProtocolDriver;
import java.time.Duration;
import reactor.core.publisher.Mono;

/**
 * {@code null-co}: stores nothing. Options: {@code size} in bytes (1 GiB), {@code latency-ns} for each request (0: requests
 * complete on the caller's thread, otherwise on one of Reactor's timers), {@code read-zeroes} (off). Reads give zeroes in
 * any case, so that no client sees what a buffer held before; the option says whether the block status tells so.
 */
public final class NullCoDriver implements ProtocolDriver {
    private static final long DEFAULT_SIZE = 1L << 30;

    private static final Option<Long> SIZE = Option.bytes("size", DEFAULT_SIZE);
    private static final Option<Long> LATENCY = Option.integer("latency-ns", 0);
    private static final Option<Boolean> READ_ZEROES = Option.flag("read-zeroes", false);

    @Override
    public OptionSchema options() {
        return OptionSchema.of(SIZE, LATENCY, READ_ZEROES);
    }

    @Override
    public String name() {
        return "null-co";
    }

    @Override
    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
        return Mono.fromSupplier(
                () -> new NullCoDevice(options.get(SIZE), latency(options.get(LATENCY)), options.get(READ_ZEROES)));
    }

    /** The length stays what it is. */
    @Override
    public Mono<BlockDevice> reopen(BlockDevice present, OptionReader options, OpenContext context) {
        return open(options, context).thenReturn(present);
    }

    private static Duration latency(long nanos) {
        if (nanos < 0) {
            throw BlockException.of(BlockErrorKind.INVALID, "latency-ns is invalid");
        }
        return Duration.ofNanos(nanos);
    }
}
