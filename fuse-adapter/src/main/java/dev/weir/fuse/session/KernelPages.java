package dev.weir.fuse.session;

import dev.weir.fuse.protocol.FuseOpenIn;
import dev.weir.fuse.protocol.FuseOpenOut;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BlockBackend;
import reactor.core.publisher.Mono;

/**
 * Who may use the kernel's page cache, and that no page in it is older than the data. Any thread.
 *
 * <p>Only an open for reading is served from the cache: the rules for writes at the end of the file are the export's. The
 * kernel drops pages by itself when a client of the same mount truncates or punches; after a direct write up to 6.18 it
 * does so too early, and after an asynchronous one not at all where a page was read meanwhile. So each write is told,
 * before it is answered, like the changes of others before those hear of them.
 */
final class KernelPages implements BlockBackend.ChangeListener {
    private static final int DIRECT = FuseOpenOut.FOPEN_DIRECT_IO | FuseOpenOut.FOPEN_PARALLEL_DIRECT_WRITES;

    /** File handles: RELEASE tells what kind of an open has ended. */
    private static final long DIRECT_READER = 0;

    private static final long CACHED_READER = 1;
    private static final long WRITER = 2;

    private final FuseSessionOptions options;
    private final BlockBackend backend;
    private final KernelNotices notices;

    // Under the lock. Opens whose clients were interrupted are never released: they count for ever, which costs time
    // only.
    private int readers;
    private int writers;

    /** Counts the opens that brought pages. */
    private long opened;

    /** Whether there may be pages; changes are heard of then. Written under the lock. */
    private volatile boolean held;

    KernelPages(FuseSessionOptions options, BlockBackend backend, KernelNotices notices) {
        this.options = options;
        this.backend = backend;
        this.notices = notices;
    }

    /** How a client uses the file. */
    record Opening(long fh, int flags) {}

    private static final Opening DIRECT_ONLY = new Opening(DIRECT_READER, DIRECT);

    /** @param flags the {@code O_} flags of the open */
    Opening open(int flags) {
        if (!options.kernelCache()) {
            return DIRECT_ONLY;
        }
        // What is cached stays valid: by default each open drops it.
        int direct = DIRECT | FuseOpenOut.FOPEN_KEEP_CACHE;
        synchronized (this) {
            if ((flags & FuseOpenIn.O_ACCMODE) != FuseOpenIn.O_RDONLY) {
                writers++;
                return new Opening(WRITER, direct);
            }
            if ((flags & PosixFile.O_DIRECT) != 0 || (writers > 0 && !options.besideWriters())) {
                return new Opening(DIRECT_READER, direct);
            }
            readers++;
            opened++;
            if (held) {
                return new Opening(CACHED_READER, FuseOpenOut.FOPEN_KEEP_CACHE);
            }
            held = true;
            backend.onChange(this);
            // Mappings of other opens may have left pages that nobody kept true: the kernel drops them.
            return new Opening(CACHED_READER, 0);
        }
    }

    synchronized void release(long fh) {
        if (fh == CACHED_READER) {
            readers--;
        } else if (fh == WRITER) {
            writers--;
        }
    }

    @Override
    public Mono<Void> changed(long offset, long length) {
        return held ? drop(offset, length == TO_THE_END ? Long.MAX_VALUE : offset + length) : Mono.empty();
    }

    private synchronized Mono<Void> drop(long offset, long end) {
        if (readers > 0) {
            return notices.pages(offset, end);
        }
        // Nobody reads any more: once all is dropped, changes need not be told until somebody does.
        long before = opened;
        return notices.allPages(() -> allDropped(before));
    }

    /** The kernel has dropped all pages of the opens before. */
    private synchronized void allDropped(long before) {
        if (opened == before) {
            held = false;
            backend.onChange(null);
        }
    }

    /** The length is another, and not by a request of a client here. */
    void resized() {
        if (held) {
            drop(0, Long.MAX_VALUE);
        } else {
            notices.attributes();
        }
    }
}
