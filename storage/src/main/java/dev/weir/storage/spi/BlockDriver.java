package dev.weir.storage.spi;

import java.util.Set;
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

    /**
     * The options of this driver that may change while the node stays: those that {@link #reopen} looks at. Which node a
     * child is may always change. Defaults to none.
     */
    default Set<String> changeableOptions() {
        return Set.of();
    }

    /**
     * Makes a device for a node whose options change. No request is in flight, and {@code present} was flushed where it is
     * writable, while its children were what they had been; they may be read-only by now. It stays open until the new one
     * is in its place for good, and serves on where that fails. Which process may do what with the storage is no matter
     * here: see {@link BlockDevice#takeOver}.
     *
     * @param options all options of this driver, as for {@link #open}; those that it did not list as changeable have the
     *     values that they had, or the result is closed again
     * @param context children are nodes that are in the graph already: those that the options describe in place have
     *     been reopened before
     * @return another device on the same storage, or {@code present} itself where it goes on as it is, as one does that
     *     is the storage; the options are to be taken in any case. Defaults to what {@link #open} opens
     */
    default Mono<BlockDevice> reopen(BlockDevice present, OptionReader options, OpenContext context) {
        return open(options, context);
    }
}
