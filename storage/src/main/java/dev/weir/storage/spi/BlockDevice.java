package dev.weir.storage.spi;

import dev.weir.storage.BackingFile;
import dev.weir.storage.BlockIo;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * An open instance of a driver. It gets only requests that are permitted, in range and fit its {@link #limits()}; it
 * checks nothing twice. It is called from any thread, concurrently, also for overlapping ranges, and never blocks.
 *
 * <p>With a request alignment above 1 the last request may end past {@link #length()} by less than the alignment: a read
 * zero-fills there, a write drops what is past the end. An operation that the device lacks ends with
 * {@link dev.weir.storage.BlockErrorKind#UNSUPPORTED}; the node then does without, where it can.
 *
 * <p>{@code truncate} and {@code grow} come one at a time; {@code grow} comes with an end past {@link #length()} and a start
 * that is not. A device that passes requests on to a child has to pass {@code grow} on as such, because others may grow the
 * child.
 */
public interface BlockDevice extends BlockIo {
    /** Fixed from opening on. */
    BlockLimits limits();

    /**
     * Subscribes to a {@link #read}. Devices override it, and {@link #startWrite}, where they can do without the
     * {@code Mono}; then it and {@link #read} are to do the same.
     */
    default void startRead(long offset, ByteBuffer dst, CoreSubscriber<? super Void> actual) {
        read(offset, dst).subscribe(actual);
    }

    /** As {@link #startRead}, for a {@link #write}. */
    default void startWrite(long offset, ByteBuffer src, Set<WriteFlag> flags, CoreSubscriber<? super Void> actual) {
        write(offset, src, flags).subscribe(actual);
    }

    /**
     * The file that holds the bytes of this device, for readers in no need of the device; null where none does, which is
     * the default. Where the device refuses writes for what they contain, there is none: a client that may write can write
     * to the file by a mapping.
     */
    default @Nullable BackingFile backingFile() {
        return null;
    }

    /** The nodes that this device reads from and writes to, in no particular order; none for a protocol device. */
    List<BlockNode> children();

    /** What this device needs of a child to give its own users {@code permissions}. Never called without children. */
    Permissions childPermissions(BlockNode child, Permissions permissions);

    /**
     * The users of this node changed. A device that shares its storage with other processes mirrors the permissions there
     * and fails with {@link dev.weir.storage.BlockErrorKind#BUSY} where they conflict; the change is then dropped.
     */
    Mono<Void> permissionsChanged(Permissions permissions);

    /**
     * This device takes the place of one on the same storage: as {@link #permissionsChanged}, after the other's users have
     * gone. Whoever shares the storage with other processes sees to it that none comes in between. Also called the other
     * way round, where the change is taken back. On failure both hold what they held.
     *
     * @param other gets nothing but {@code close} from then on, unless it takes over again
     * @param permissions what {@code other} was given, and this device has to hold
     */
    default Mono<Void> takeOver(BlockDevice other, Permissions permissions) {
        return other.permissionsChanged(Permissions.NONE)
                .then(Mono.defer(() -> permissionsChanged(permissions)))
                .onErrorResume(failure -> other.permissionsChanged(permissions).then(Mono.error(failure)));
    }

    /**
     * A user of this node waits for its requests in flight. A device that delays requests for reasons of its own lets go
     * those that it holds, and delays none until {@link #drainedEnd}. Nests. Must not block, and must not end or pass on a
     * request on the caller's thread. A device that delays nothing has nothing to do.
     */
    default void drainedBegin() {}

    /** Ends one {@link #drainedBegin}. */
    default void drainedEnd() {}

    /** Flushes nothing, gives everything back. Called once, with no request in flight. */
    Mono<Void> close();
}
