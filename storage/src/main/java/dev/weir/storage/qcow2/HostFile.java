package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A child in which clusters lie: as long as it needs to be, and zero beyond its end. */
final class HostFile {
    private static final long MIN_STEP = 1L << 20;
    private static final long MAX_STEP = 64L << 20;

    private final BlockNode node;

    /** Beyond it, nothing but zeroes was ever written since the file was opened. */
    private volatile long written;

    private volatile @Nullable Mono<Void> growing;
    private volatile boolean grown;

    /** A length at which nothing could be had ahead. */
    private volatile long vain = -1;

    HostFile(BlockNode node) {
        this.node = node;
        this.written = node.length();
    }

    BlockNode node() {
        return node;
    }

    long length() {
        return node.length();
    }

    /** Reads; what lies beyond the end is zero. */
    Mono<Void> read(long offset, ByteBuffer dst) {
        if (dst.remaining() <= node.length() - offset) {
            return node.read(offset, dst);
        }
        return Mono.defer(() -> {
            int inside = (int) Math.max(0, Math.min(dst.remaining(), node.length() - offset));
            Zeroes.fill(dst, dst.position() + inside, dst.limit());
            dst.limit(dst.position() + inside);
            return inside == 0 ? Mono.empty() : node.read(offset, dst);
        });
    }

    /** Writes, where {@link #reserve} has made room. */
    Mono<Void> write(long offset, ByteBuffer src) {
        return node.write(offset, src, WriteFlag.NONE);
    }

    Mono<Void> flush() {
        return node.flush();
    }

    /** Whether the file is long enough for a write that ends there. */
    boolean reaches(long end) {
        return end <= node.length();
    }

    /**
     * Makes the file so long, and in steps, so that few writes have to wait for it: the next step is made while there is half of
     * one left, and nobody waits for that.
     */
    Mono<Void> reserve(long end) {
        return Mono.defer(() -> {
            if (reaches(end)) {
                growAhead(end);
                return Mono.empty();
            }
            return growth(end).onErrorComplete().then(Mono.defer(() -> reaches(end) ? Mono.empty() : exactly(end)));
        });
    }

    private void growAhead(long end) {
        long length = node.length();
        if (grown && growing == null && length - end < step(length) / 2 && length != vain) {
            growth(length).subscribe(nothing -> {}, failure -> vain = length);
        }
    }

    /** The one under way, or one to {@code end} or beyond. */
    private synchronized Mono<Void> growth(long end) {
        Mono<Void> one = growing;
        if (one == null) {
            one = grow(end).doOnTerminate(() -> growing = null).cache();
            growing = one;
        }
        return one;
    }

    private Mono<Void> grow(long end) {
        return Mono.defer(() -> {
            grown = true;
            long length = node.length();
            return node.grow(length, Math.max(end, length + step(length)), PreallocMode.OFF);
        });
    }

    private static long step(long length) {
        return Math.max(MIN_STEP, Math.min(MAX_STEP, length / 16));
    }

    /** Waits for what {@link #reserve} did not wait for. Nobody reserves meanwhile. */
    Mono<Void> atRest() {
        return Mono.defer(() -> {
            Mono<Void> last = growing;
            return last == null ? Mono.empty() : last.onErrorComplete();
        });
    }

    /** Without room to spare. */
    private Mono<Void> exactly(long end) {
        return node.grow(Math.min(node.length(), end), end, PreallocMode.OFF)
                .onErrorMap(
                        failure -> failure instanceof BlockException e && e.kind() == BlockErrorKind.UNSUPPORTED,
                        failure -> BlockException.of(
                                BlockErrorKind.NO_SPACE, "The file of the image cannot grow to " + end, failure));
    }

    /** Makes the file so long, and no longer. */
    Mono<Void> reserveExactly(long end) {
        return Mono.defer(() -> reaches(end) ? Mono.empty() : exactly(end));
    }

    /** Makes a range read as zero and take up room, as {@code mode} says; the file is long enough. */
    Mono<Void> preallocate(long offset, long end, PreallocMode mode, boolean fresh) {
        if (mode == PreallocMode.FULL) {
            return writeZeroes(offset, end);
        }
        return mode == PreallocMode.METADATA && fresh
                ? Mono.empty()
                : node.writeZeroes(offset, end - offset, WriteFlag.NONE);
    }

    private Mono<Void> writeZeroes(long offset, long end) {
        if (offset >= end) {
            return Mono.empty();
        }
        var next = new AtomicLong(offset);
        return Mono.defer(() -> {
                    ByteBuffer zeroes = Zeroes.buffer((int) Math.min(end - next.get(), Zeroes.SIZE));
                    return node.write(next.getAndAdd(zeroes.remaining()), zeroes, WriteFlag.NONE);
                })
                .repeat(() -> next.get() < end)
                .then();
    }

    /** Notes that something is about to be written. True where what was there so far is zero. */
    boolean claim(long offset, long bytes) {
        synchronized (this) {
            boolean fresh = offset >= written;
            written = Math.max(written, offset + bytes);
            return fresh;
        }
    }

    /** As {@link #claim}, for what may lie beyond the end of a file that lacks what its tables tell of. */
    void claimInPlace(long offset, long bytes) {
        if (offset + bytes > written) {
            claim(offset, bytes);
        }
    }

    /** Cuts off what {@link #reserve} was too generous with, up to what was written. The file is {@link #atRest}. */
    Mono<Void> trim(long unused) {
        return Mono.defer(() -> {
            long end = Math.max(unused, written);
            if (!grown || node.length() <= end) {
                return Mono.empty();
            }
            grown = false;
            return node.truncate(end, PreallocMode.OFF).onErrorComplete();
        });
    }
}
