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
     * The options of this driver, those that every node has left out: what can be given to it on a command line, by a
     * control protocol and by a program, and what a control protocol tells of it. Always the same.
     */
    OptionSchema options();

    /**
     * Opens a device.
     *
     * @param options what {@link #options} declares can be read from it; it was checked against that
     * @param context what the node was asked to be, and the way to other nodes
     * @return the device; a failed open leaves nothing open
     */
    Mono<BlockDevice> open(OptionReader options, OpenContext context);
}
