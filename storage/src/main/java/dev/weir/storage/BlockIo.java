package dev.weir.storage;

import java.nio.ByteBuffer;
import java.util.Set;
import reactor.core.publisher.Mono;

/**
 * The operations of the block layer, the same at every hop: backend, node, device.
 *
 * <p>Every {@code Mono} is cold: one subscription is one I/O. It ends with completion or a {@link BlockException}, on
 * whichever thread the I/O ended; an operation that can finish at once completes on the subscriber's thread, and one
 * that cannot never blocks it. Where a device fails with an exception of its own, a node may pass it on as it is; a
 * backend makes it a {@code BlockException}.
 *
 * <p>Buffers are direct and are lent: position and limit give the range, the lender keeps ownership, and the callee may
 * touch a buffer only until the {@code Mono} ends. Position and limit are undefined from the subscription on. Cancelling
 * a subscription does not stop an I/O that was issued: whoever lends a buffer gets it back only on completion or error.
 *
 * <p>There are no short reads or writes.
 */
public interface BlockIo {
    /** The length in bytes, exact, from memory. */
    long length();

    /**
     * Fills {@code dst} from {@code offset}. Bytes past the end of the node read as zero where the request starts at or
     * before the end rounded up to the request alignment.
     */
    Mono<Void> read(long offset, ByteBuffer dst);

    /**
     * Shows a range where it lies in memory, as far as that can be told without waiting, instead of copying it: at once, on the
     * caller's thread. Other requests may change the data meanwhile, as during a {@link #read}.
     *
     * @param length bytes, at least 1
     * @return false where the data has to be read; nothing was shown, and nothing failed
     */
    default boolean showResident(long offset, int length, ResidentReader reader) {
        return false;
    }

    /**
     * Writes {@code src} at {@code offset}; not past the end of the node without {@link WriteFlag#GROW}.
     *
     * @param flags {@link WriteFlag#FUA}, {@link WriteFlag#GROW} or none
     */
    Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags);

    /**
     * Makes a range read as zero.
     *
     * @param length bytes, any size
     * @param flags any
     */
    Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags);

    /**
     * Tells that the contents of a range are not needed; what it reads afterwards is unspecified.
     *
     * @param length bytes, any size
     */
    Mono<Void> discard(long offset, long length);

    /**
     * Puts everything that completed before on stable storage. A failure is sticky: after it every flush fails until
     * the node is reopened, because nobody can tell what was lost.
     */
    Mono<Void> flush();

    /**
     * Sets the length. Bytes that are gained read as zero.
     *
     * @param length new length in bytes
     * @param prealloc what to do with the gained range; anything but {@link PreallocMode#OFF} is refused for shrinking
     */
    Mono<Void> truncate(long length, PreallocMode prealloc);

    /**
     * Makes it at least {@code end} bytes long, and never shorter, whoever else resizes it meanwhile. Bytes that are gained
     * read as zero. On failure it has its former length, unless others have come to rely on the new one.
     *
     * @param from where {@code prealloc} begins: what is gained before it is not allocated; at most {@code end}
     * @param prealloc what to do with what is gained from {@code from} on
     */
    Mono<Void> grow(long from, long end, PreallocMode prealloc);

    /**
     * The status of the bytes at {@code offset}: an extent that starts there and is no longer than {@code length}. It may
     * be shorter than the run of that status.
     *
     * @param offset less than {@link #length()}
     * @param length bytes, at least 1; what lies past the end of the node is cut off
     */
    Mono<Extent> blockStatus(long offset, long length);

    /** Bytes that the node occupies below, or its length where that is unknown. */
    Mono<Long> allocatedBytes();
}
