package dev.weir.fuse.session;

import dev.weir.fuse.protocol.FuseAttr;
import dev.weir.fuse.protocol.FuseProtocol;
import dev.weir.fuse.protocol.FuseSetattrIn;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.DataChanges;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The attributes of the one file that a session shows, kept in memory: mode, owner, times and the number of allocated
 * blocks as of the last change. Any thread.
 */
final class FuseInode {
    /** Smallest {@code st_blksize}: a page, because smaller requests cost clients more than they save. */
    private static final int MIN_BLOCK_SIZE = 4096;

    private static final int S_IFREG = 0100000;
    private static final int MODE_BITS = 07777;
    private static final int SUID_SGID = 06000;
    private static final long SECOND = 1_000_000_000L;

    private final BlockBackend backend;
    private final int blockSize;

    private volatile int mode;
    private volatile int uid;
    private volatile int gid;
    /** Times in nanoseconds since the epoch. */
    private volatile long accessed;

    private volatile long modified;
    private volatile long changed;

    /**
     * What is known of the allocated bytes: a {@link Long} as of the last change of data, null where a change made them
     * unknown, or the fetch whose result may be kept, unless a change of data comes first.
     */
    private final AtomicReference<@Nullable Object> allocated = new AtomicReference<>();

    /** The block count in bytes that was known last, while a change makes it unknown. */
    private volatile long lastAllocated;

    /** The count of changes by other users of the node that times and block count take account of. */
    private final AtomicLong seenChanges;

    /** Whether data changed since the last flush that began. Cleared under the lock only. */
    private volatile boolean dirty;

    /** Flushes that began and have not ended; under the lock. */
    private int flushing;

    FuseInode(FuseSessionOptions options, BlockBackend backend) {
        this.backend = backend;
        this.blockSize = Math.max(MIN_BLOCK_SIZE, backend.node().limits().optimalTransfer());
        this.mode = options.writable() ? 0600 : 0400;
        this.uid = options.uid();
        this.gid = options.gid();
        this.seenChanges = new AtomicLong(backend.changesByOthers().count());
        long now = now();
        this.accessed = now;
        this.modified = now;
        this.changed = now;
    }

    int uid() {
        return uid;
    }

    int gid() {
        return gid;
    }

    /** A WRITE or the like was answered with success: the modification time moves and the block count is unknown. */
    void dataChanged() {
        dataChanging();
        if (allocated.get() != null) {
            allocated.set(null);
        }
        long now = now();
        if (modified != now) {
            modified = now;
            changed = now;
        }
    }

    /** Takes account of what other users of the node did. */
    private void noticeOthers() {
        DataChanges changes = backend.changesByOthers();
        if (seenChanges.getAndSet(changes.count()) != changes.count()) {
            allocated.set(null);
            long last = changes.lastMillis() * 1_000_000L;
            // The count moves, too, where nodes come and go.
            if (last > changed) {
                modified = last;
                changed = last;
            }
        }
    }

    /** Another user of the node resized it. */
    void resizedByOther() {
        allocated.set(null);
        long now = now();
        modified = now;
        changed = now;
    }

    /** A write is about to be issued; what completes it may be flushed at any time from now on. */
    void dataChanging() {
        if (!dirty) {
            dirty = true;
        }
    }

    /**
     * Whether something is not known to be on stable storage: a change, or what a flush that has not ended is about, which
     * may still fail.
     */
    synchronized boolean needsFlush() {
        return dirty || flushing > 0;
    }

    /** Takes note of a flush that begins; {@link #flushEnds} is to follow. */
    synchronized void flushBegins() {
        flushing++;
        dirty = false;
    }

    /** @param done whether what was to be flushed is on stable storage; otherwise it is still dirty */
    synchronized void flushEnds(boolean done) {
        flushing--;
        if (!done) {
            dirty = true;
        }
    }

    /** Clears set-user-id and set-group-id, as a write by someone else than the superuser does. */
    void killSuidGid() {
        if ((mode & SUID_SGID) != 0) {
            synchronized (this) {
                mode &= ~SUID_SGID;
            }
        }
    }

    /** Takes over mode, owner and times from a SETATTR that was found permitted. */
    synchronized void set(ByteBuffer body, int at) {
        int valid = FuseSetattrIn.valid(body, at);
        noticeOthers();
        long now = now();
        if ((valid & FuseSetattrIn.FATTR_KILL_SUIDGID) != 0) {
            killSuidGid();
        }
        if ((valid & FuseSetattrIn.FATTR_MODE) != 0) {
            mode = FuseSetattrIn.mode(body, at) & MODE_BITS;
        }
        if ((valid & FuseSetattrIn.FATTR_UID) != 0) {
            uid = FuseSetattrIn.uid(body, at);
        }
        if ((valid & FuseSetattrIn.FATTR_GID) != 0) {
            gid = FuseSetattrIn.gid(body, at);
        }
        if ((valid & FuseSetattrIn.FATTR_ATIME_NOW) != 0) {
            accessed = now;
        } else if ((valid & FuseSetattrIn.FATTR_ATIME) != 0) {
            accessed = time(FuseSetattrIn.atime(body, at), FuseSetattrIn.atimensec(body, at));
        }
        if ((valid & FuseSetattrIn.FATTR_MTIME_NOW) != 0) {
            modified = now;
        } else if ((valid & FuseSetattrIn.FATTR_MTIME) != 0) {
            modified = time(FuseSetattrIn.mtime(body, at), FuseSetattrIn.mtimensec(body, at));
        }
        changed = (valid & FuseSetattrIn.FATTR_CTIME) != 0
                ? time(FuseSetattrIn.ctime(body, at), FuseSetattrIn.ctimensec(body, at))
                : now;
    }

    /** Whether {@link #attributes} is all there is to be known; otherwise {@link #fetchAttributes} is to be asked. */
    boolean areAttributesKnown() {
        noticeOthers();
        return allocated.get() instanceof Long;
    }

    /** The attributes as of now, with the last block count that was known. */
    FuseAttr attributes() {
        return attributes(allocated.get() instanceof Long known ? known : lastAllocated);
    }

    /** The attributes as of now, with a block count that is fetched. */
    Mono<FuseAttr> fetchAttributes() {
        return Mono.defer(() -> {
            Object fetch = new Object();
            allocated.set(fetch);
            return backend.allocatedBytes().onErrorReturn(backend.length()).map(bytes -> {
                lastAllocated = bytes;
                allocated.compareAndSet(fetch, bytes);
                return attributes(bytes);
            });
        });
    }

    private FuseAttr attributes(long allocatedBytes) {
        long atime = accessed;
        long mtime = modified;
        long ctime = changed;
        return new FuseAttr(
                FuseProtocol.ROOT_ID,
                backend.length(),
                (allocatedBytes + 511) / 512,
                Math.floorDiv(atime, SECOND),
                Math.floorDiv(mtime, SECOND),
                Math.floorDiv(ctime, SECOND),
                (int) Math.floorMod(atime, SECOND),
                (int) Math.floorMod(mtime, SECOND),
                (int) Math.floorMod(ctime, SECOND),
                S_IFREG | mode,
                1,
                uid,
                gid,
                0,
                blockSize,
                0);
    }

    private static long now() {
        return System.currentTimeMillis() * 1_000_000L;
    }

    /** What lies outside of what 64 bits of nanoseconds can hold, the years 1678 to 2262, is moved to its edge. */
    private static long time(long seconds, int nanos) {
        long edge = Long.MAX_VALUE / SECOND - 3;
        return Math.max(-edge, Math.min(edge, seconds)) * SECOND + nanos;
    }
}
