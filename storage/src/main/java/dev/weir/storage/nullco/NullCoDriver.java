package dev.weir.storage.nullco;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.ProtocolDriver;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * {@code null-co}: stores nothing. Options: {@code size} in bytes (1 GiB), {@code latency-ns} for each request (0: requests
 * complete on the caller's thread, otherwise on one of Reactor's timers), {@code read-zeroes} (off). Reads give zeroes in
 * any case, so that no client sees what a buffer held before; the option says whether the block status tells so.
 */
public final class NullCoDriver implements ProtocolDriver {
    private static final long DEFAULT_SIZE = 1L << 30;

    @Override
    public String name() {
        return "null-co";
    }

    @Override
    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
        return Mono.fromSupplier(() -> new NullCoDevice(
                options.bytes("size").orElse(DEFAULT_SIZE),
                latency(options.string("latency-ns", "0")),
                options.flag("read-zeroes", false)));
    }

    /** The length stays what it is. */
    @Override
    public Mono<BlockDevice> reopen(BlockDevice present, OptionReader options, OpenContext context) {
        return open(options, context).thenReturn(present);
    }

    private static Duration latency(@Nullable String value) {
        try {
            long nanos = Long.parseLong(String.valueOf(value));
            if (nanos >= 0) {
                return Duration.ofNanos(nanos);
            }
        } catch (NumberFormatException e) {
            // Refused below, as a negative one.
        }
        throw BlockException.of(
                BlockErrorKind.INVALID, "Parameter 'latency-ns' expects a non-negative number, was '" + value + "'");
    }
}
