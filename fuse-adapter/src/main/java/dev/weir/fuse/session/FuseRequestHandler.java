package dev.weir.fuse.session;

import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseFallocateIn;
import dev.weir.fuse.protocol.FuseLseekIn;
import dev.weir.fuse.protocol.FuseOpenIn;
import dev.weir.fuse.protocol.FuseProtocol;
import dev.weir.fuse.protocol.FuseReadIn;
import dev.weir.fuse.protocol.FuseReleaseIn;
import dev.weir.fuse.protocol.FuseReplyEncoder;
import dev.weir.fuse.protocol.FuseRequest;
import dev.weir.fuse.protocol.FuseSetattrIn;
import dev.weir.fuse.protocol.FuseStatfs;
import dev.weir.fuse.protocol.FuseWriteIn;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.ResidentReader;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * From a request to the block layer: the rules of an export of one regular file. The {@code Mono} of a request ends with
 * a {@link FuseReply}, or empty for the plain success of its opcode.
 *
 * <p>Called on event loops, several at a time; takes what it needs out of the request before it returns, because the
 * queue uses the request again.
 */
final class FuseRequestHandler {
    private static final int O_ACCMODE = 3;
    private static final int O_RDONLY = 0;
    private static final int OTHERS_MODE_BITS = 0077;

    /** Flags of a write of which is not known whether it comes from the page cache. */
    private static final int AGAIN = 1 << 31;

    private static final int STATFS_BLOCK = 4096;
    private static final int NAME_MAX = 255;

    /** How long the kernel may keep attributes; it drops them by itself when it writes. */
    private static final int ATTR_VALID_SECONDS = 1;

    /** What a SETATTR may change; QEMU refuses the times, which {@code touch} and {@code cp -p} need. */
    private static final int CHANGES = FuseSetattrIn.FATTR_MODE
            | FuseSetattrIn.FATTR_UID
            | FuseSetattrIn.FATTR_GID
            | FuseSetattrIn.FATTR_SIZE
            | FuseSetattrIn.FATTR_ATIME
            | FuseSetattrIn.FATTR_MTIME
            | FuseSetattrIn.FATTR_ATIME_NOW
            | FuseSetattrIn.FATTR_MTIME_NOW
            | FuseSetattrIn.FATTR_CTIME;

    private final FuseSessionOptions options;
    private final BlockBackend backend;
    private final FuseInode inode;
    private final KernelPages pages;
    private final @Nullable PassthroughFile passthrough;
    private final FuseAllocation allocation;
    private final FuseSeek seek;

    /** Made once: GETATTR comes often, and leaves no garbage. */
    private final Mono<FuseReply> knownAttributes;

    private final Set<WriteFlag> writeFlags;
    private final Set<WriteFlag> growFlags;

    FuseRequestHandler(
            FuseSessionOptions options,
            BlockBackend backend,
            KernelPages pages,
            @Nullable PassthroughFile passthrough) {
        this.passthrough = passthrough;
        this.options = options;
        this.backend = backend;
        this.pages = pages;
        this.inode = new FuseInode(options, backend);
        this.allocation = new FuseAllocation(backend);
        this.seek = new FuseSeek(backend);
        this.knownAttributes = Mono.just((into, at, unique) ->
                FuseReplyEncoder.attr(into, at, unique, ATTR_VALID_SECONDS, 0, inode.attributes()));
        this.writeFlags = options.writethrough() ? Set.of(WriteFlag.FUA) : WriteFlag.NONE;
        this.growFlags = options.writethrough() ? Set.of(WriteFlag.FUA, WriteFlag.GROW) : Set.of(WriteFlag.GROW);
    }

    Mono<?> handle(FuseRequest request, PendingRequest pending) {
        // Only the root exists; a WRITE or READ names it too.
        if (request.nodeid() != FuseProtocol.ROOT_ID && request.nodeid() != 0) {
            return errno(Errno.ESTALE);
        }
        ByteBuffer body = request.body();
        int at = request.bodyAt();
        return switch (request.opcode()) {
            case READ -> read(FuseReadIn.offset(body, at), FuseReadIn.size(body, at), pending);
            case WRITE ->
                write(
                        FuseWriteIn.offset(body, at),
                        FuseWriteIn.size(body, at),
                        FuseWriteIn.writeFlags(body, at),
                        pending);
            case GETATTR -> attributes();
            case SETATTR -> setAttributes(body, at);
            case OPEN -> open(FuseOpenIn.flags(body, at), FuseOpenIn.openFlags(body, at));
            case FSYNC, SYNCFS -> sync();
            case FLUSH -> flush();
            case RELEASE -> release(FuseReleaseIn.fh(body, at));
            case DESTROY -> Mono.empty();
            case FALLOCATE ->
                fallocate(
                        FuseFallocateIn.mode(body, at),
                        FuseFallocateIn.offset(body, at),
                        FuseFallocateIn.length(body, at));
            case LSEEK -> seek.seek(FuseLseekIn.offset(body, at), FuseLseekIn.whence(body, at));
            case STATFS -> statfs();
            case LOOKUP -> errno(Errno.ENOENT);
            case IOCTL -> errno(Errno.ENOTTY);
            // The kernel sends a second INIT only to a server that asked for another major version.
            case INIT -> errno(Errno.EIO);
            // Sticky for the connection: the kernel answers these by itself from now on, as for a file without them.
            case ACCESS,
                    BMAP,
                    POLL,
                    STATX,
                    GETXATTR,
                    SETXATTR,
                    LISTXATTR,
                    REMOVEXATTR,
                    COPY_FILE_RANGE,
                    COPY_FILE_RANGE_64,
                    GETLK,
                    SETLK,
                    SETLKW -> errno(Errno.ENOSYS);
            default -> errno(Errno.ENOSYS);
        };
    }

    /** Flushes what was written and not flushed, whoever asks: the end of the session. */
    Mono<Void> flush() {
        return Mono.defer(
                () -> options.writable() && (inode.needsFlush() || passthrough != null) ? sync() : Mono.empty());
    }

    private Mono<Void> sync() {
        return Mono.defer(() -> {
            inode.flushBegins();
            return backend.flush()
                    .doOnSuccess(nothing -> inode.flushEnds(true))
                    .doOnError(failure -> inode.flushEnds(false));
        });
    }

    /** A READ or WRITE whose range did not lie inside the image any more when it came to it. */
    Mono<Void> transferAgain(boolean write, long offset, int size, PendingRequest pending) {
        return write ? write(offset, size, AGAIN, pending) : read(offset, size, pending);
    }

    /**
     * As a READ, at once and without a copy.
     *
     * @return false where the READ has to be handled as others are
     */
    boolean showResident(long offset, int size, ResidentReader reader) {
        long length = backend.length();
        return offset < length && backend.showResident(offset, (int) Math.min(size, length - offset), reader);
    }

    private Mono<Void> read(long offset, int size, PendingRequest pending) {
        long length = backend.length();
        if (offset >= length) {
            pending.transfer(offset, 0);
            return Mono.empty();
        }
        return backend.read(offset, pending.transfer(offset, (int) Math.min(size, length - offset)));
    }

    private Mono<Void> write(long offset, int size, int flags, PendingRequest pending) {
        if (!options.writable()) {
            return readOnly();
        }
        if ((flags & FuseWriteIn.FUSE_WRITE_KILL_SUIDGID) != 0) {
            inode.killSuidGid();
        }
        if (size == 0) {
            pending.transfer(offset, 0);
            return Mono.empty();
        }
        long length = backend.length();
        if (offset + size <= length) {
            return write(offset, pending.transfer(offset, size), writeFlags, flags);
        }
        if (options.growable()) {
            return write(offset, pending.transfer(offset, size), growFlags, flags);
        }
        if (offset >= length) {
            return Mono.error(BlockException.of(
                    BlockErrorKind.NO_SPACE, "a write past the end of an export that is not growable"));
        }
        return write(offset, pending.transfer(offset, (int) (length - offset)), writeFlags, flags);
    }

    private Mono<Void> write(long offset, ByteBuffer payload, Set<WriteFlag> how, int flags) {
        inode.dataChanging();
        Mono<Void> written = backend.write(offset, payload, how);
        // The kernel does not drop a page that it is writing back before that is answered, and need not.
        if (!options.kernelCache() || (flags & FuseWriteIn.FUSE_WRITE_CACHE) != 0) {
            return written;
        }
        int bytes = payload.remaining();
        Mono<Void> dropped = Mono.defer(() -> {
            Mono<Void> told = pages.changed(offset, bytes);
            return flags == AGAIN ? Mono.empty() : told;
        });
        return written.onErrorResume(failure -> dropped.then(Mono.error(failure)))
                .then(dropped);
    }

    /** Told by the queue after a request that changes data ended with success, before its reply is written. */
    void dataChanged() {
        inode.dataChanged();
    }

    /** Any thread. */
    void resizedByOther() {
        inode.resizedByOther();
        pages.resized();
    }

    private Mono<FuseReply> attributes() {
        if (inode.areAttributesKnown()) {
            return knownAttributes;
        }
        return inode.fetchAttributes()
                .map(attr ->
                        (into, at, unique) -> FuseReplyEncoder.attr(into, at, unique, ATTR_VALID_SECONDS, 0, attr));
    }

    private Mono<FuseReply> setAttributes(ByteBuffer body, int at) {
        int valid = FuseSetattrIn.valid(body, at);
        if (!options.writable() && (valid & CHANGES) != 0) {
            return readOnly();
        }
        if (!options.allowOther()) {
            // Nobody but the owner of the mount gets past the kernel: other bits and owners would promise access.
            if ((valid & FuseSetattrIn.FATTR_MODE) != 0 && (FuseSetattrIn.mode(body, at) & OTHERS_MODE_BITS) != 0) {
                return errno(Errno.EPERM);
            }
            boolean givesAway = ((valid & FuseSetattrIn.FATTR_UID) != 0 && FuseSetattrIn.uid(body, at) != inode.uid())
                    || ((valid & FuseSetattrIn.FATTR_GID) != 0 && FuseSetattrIn.gid(body, at) != inode.gid());
            if (givesAway) {
                return errno(Errno.EPERM);
            }
        }
        if ((valid & FuseSetattrIn.FATTR_SIZE) == 0) {
            inode.set(body, at);
            return attributes();
        }
        long size = FuseSetattrIn.size(body, at);
        ByteBuffer copy = ByteBuffer.allocate(FuseSetattrIn.SIZE).order(body.order());
        copy.put(0, body, at, FuseSetattrIn.SIZE);
        return Mono.defer(() -> size == backend.length() ? Mono.empty() : backend.truncate(size, PreallocMode.OFF))
                .then(Mono.defer(() -> {
                    inode.dataChanged();
                    inode.set(copy, 0);
                    return attributes();
                }));
    }

    private Mono<FuseReply> open(int flags, int openFlags) {
        if (!options.writable() && (flags & O_ACCMODE) != O_RDONLY) {
            return readOnly();
        }
        if ((openFlags & FuseOpenIn.FUSE_OPEN_KILL_SUIDGID) != 0) {
            inode.killSuidGid();
        }
        KernelPages.Opening opening = pages.open(flags);
        PassthroughFile file = passthrough;
        if (file != null) {
            int openedBy = file.openFlags(flags);
            return Mono.just((into, at, unique) ->
                    FuseReplyEncoder.open(into, at, unique, opening.fh(), openedBy, file.backingId()));
        }
        return Mono.just(
                (into, at, unique) -> FuseReplyEncoder.open(into, at, unique, opening.fh(), opening.flags(), 0));
    }

    private Mono<Void> release(long fh) {
        pages.release(fh);
        return Mono.empty();
    }

    private Mono<Void> fallocate(int mode, long offset, long length) {
        if (!options.writable()) {
            return readOnly();
        }
        inode.dataChanging();
        return allocation.fallocate(mode, offset, length);
    }

    private Mono<FuseReply> statfs() {
        long blocks = (backend.length() + STATFS_BLOCK - 1) / STATFS_BLOCK;
        var statfs = new FuseStatfs(blocks, 0, 0, 1, 0, STATFS_BLOCK, NAME_MAX, STATFS_BLOCK);
        return Mono.just((into, at, unique) -> FuseReplyEncoder.statfs(into, at, unique, statfs));
    }

    private static <T> Mono<T> readOnly() {
        return Mono.error(BlockException.of(BlockErrorKind.READ_ONLY, "the export is read-only"));
    }

    private static Mono<FuseReply> errno(Errno errno) {
        return Mono.just(FuseReply.error(errno));
    }
}
