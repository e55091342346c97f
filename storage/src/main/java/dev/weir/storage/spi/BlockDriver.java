package dev.weir.storage.spi;

import reactor.core.publisher.Mono;

/**
 * A kind of block node, found by {@link java.util.ServiceLoader}. Implement one of {@link ProtocolDriver},
 * {@link FormatDriver} and {@link FilterDriver}.
 */
public sealed interface BlockDriver permits ProtocolDriver, FormatDriver, FilterDriver {
    /** The name for the {@code driver} option, in kebab-case. */
    String name();

    /**
     * Opens a device.
     *
     * @param options the options of this driver only; what is not taken from them is refused by the caller as unexpected
     * @param context what the node was asked to be, and the way to other nodes
     * @return the device; a failed open leaves nothing open
     */
    Mono<BlockDevice> open(OptionReader options, OpenContext context);
}
