package dev.weir.fuse.session;

import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseOpcode;
import dev.weir.fuse.protocol.FuseOutHeader;
import dev.weir.fuse.protocol.FuseReplyEncoder;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.CoreSubscriber;

/**
 * A request that wants a reply and has none yet: the subscriber of its own {@code Mono}. Whatever the {@code Mono} does,
 * exactly one reply is written, on the thread on which it ended; then the buffer goes back.
 */
final class PendingRequest implements CoreSubscriber<Object> {
    private static final Logger LOGGER = LoggerFactory.getLogger(PendingRequest.class);
    private static final AtomicIntegerFieldUpdater<PendingRequest> ANSWERED =
            AtomicIntegerFieldUpdater.newUpdater(PendingRequest.class, "answered");

    /** How often a transfer is tried while the image shrinks. */
    private static final int MAX_ATTEMPTS = 10;

    private final FuseQueue queue;
    private final FuseOpcode opcode;
    private final long unique;
    private final long startNanos = System.nanoTime();

    // Written on the loop before the Mono is subscribed, and by the thread that ends it: whoever hands the I/O from one
    // thread to another makes them visible.
    private @Nullable BounceBuffer given;
    private @Nullable FuseReply reply;
    private long offset = -1;
    private int transferred;
    private int attempts;
    private volatile int answered;

    PendingRequest(FuseQueue queue, FuseOpcode opcode, long unique) {
        this.queue = queue;
        this.opcode = opcode;
        this.unique = unique;
    }

    /** Hands over the buffer that payload and reply lie in; comes before everything else. */
    void give(BounceBuffer buffer) {
        given = buffer;
    }

    private BounceBuffer buffer() {
        return Objects.requireNonNull(given);
    }

    /** The range of the payload that a READ or WRITE transfers: what its reply reports when it completes. */
    ByteBuffer transfer(long offset, int bytes) {
        this.offset = offset;
        this.transferred = bytes;
        return buffer().payload(bytes);
    }

    FuseOpcode opcode() {
        return opcode;
    }

    boolean isAnswered() {
        return answered != 0;
    }

    /** Nanoseconds since the request was received, on the clock of {@link System#nanoTime}. */
    long ageNanos() {
        return System.nanoTime() - startNanos;
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(Object value) {
        // A device's Mono<Void> that emits something all the same has not answered by that.
        if (value instanceof FuseReply answer) {
            reply = answer;
        }
    }

    @Override
    public void onError(Throwable failure) {
        if (isAnswered() || !startAgain(failure)) {
            fail(failure);
        }
    }

    /**
     * A client made the image shorter after the range of a transfer was found to lie inside it: then the range is looked at
     * again, with what there is now.
     */
    private boolean startAgain(Throwable failure) {
        if (offset < 0
                || attempts == MAX_ATTEMPTS
                || !(failure instanceof BlockException block)
                || block.kind() != BlockErrorKind.OUT_OF_RANGE) {
            return false;
        }
        attempts++;
        try {
            queue.handler()
                    .transferAgain(opcode == FuseOpcode.WRITE, offset, transferred, this)
                    .subscribe(this);
        } catch (Throwable e) {
            fail(e);
        }
        return true;
    }

    private void fail(Throwable failure) {
        if (!ANSWERED.compareAndSet(this, 0, 1)) {
            LOGGER.warn("{}: a second end of {} was ignored", queue, this, failure);
            return;
        }
        try {
            if (ErrnoMapper.expected(failure)) {
                LOGGER.debug("{}: {} failed: {}", queue, this, failure.getMessage());
            } else if (failure instanceof BlockException) {
                LOGGER.warn("{}: {} failed: {}", queue, this, failure.getMessage());
            } else {
                LOGGER.warn("{}: {} failed", queue, this, failure);
            }
        } finally {
            sendError(ErrnoMapper.errnoOf(failure));
        }
    }

    @Override
    public void onComplete() {
        if (!ANSWERED.compareAndSet(this, 0, 1)) {
            LOGGER.warn("{}: a second end of {} was ignored", queue, this);
            return;
        }
        FuseReply answer = reply;
        if (answer instanceof FuseReply.Refusal refusal) {
            sendError(refusal.errno());
            return;
        }
        BounceBuffer buffer = buffer();
        ByteBuffer bytes = buffer.bytes();
        int at = opcode == FuseOpcode.READ ? BounceBuffer.HEADROOM - FuseOutHeader.SIZE : 0;
        int length;
        try {
            if (opcode == FuseOpcode.WRITE || opcode == FuseOpcode.FALLOCATE) {
                queue.handler().dataChanged();
            }
            length = switch (opcode) {
                case READ -> FuseReplyEncoder.dataHeader(bytes, at, unique, transferred) + transferred;
                case WRITE -> FuseReplyEncoder.write(bytes, at, unique, transferred);
                default -> (answer == null ? FuseReply.EMPTY : answer).encode(bytes, at, unique);
            };
            queue.statistics().completed(opcode, transferred, ageNanos());
        } catch (Throwable e) {
            LOGGER.error("{}: the reply to {} cannot be made", queue, this, e);
            sendError(ErrnoMapper.errnoOf(e));
            return;
        }
        send(at, length);
    }

    private void sendError(Errno errno) {
        BounceBuffer buffer = buffer();
        int length = FuseReplyEncoder.error(buffer.bytes(), 0, unique, errno);
        queue.statistics().failed(opcode);
        send(0, length);
    }

    private void send(int at, int length) {
        if (!queue.replies().take(this, at, length, transferred)) {
            write(at, length);
        }
    }

    /** Writes the reply, which lies so many bytes into the buffer, and gives the buffer back. */
    void write(int at, int length) {
        BounceBuffer buffer = buffer();
        try {
            queue.device().reply(buffer.address(at), length);
        } catch (Throwable e) {
            LOGGER.error("{}: the reply to {} was refused", queue, this, e);
            answerRefused(buffer);
        } finally {
            queue.answered(buffer);
        }
    }

    /** The kernel keeps a request whose reply it refused: its client would hang. */
    private void answerRefused(BounceBuffer buffer) {
        try {
            FuseReplyEncoder.error(buffer.bytes(), 0, unique, Errno.EIO);
            queue.device().reply(buffer.address(0), FuseOutHeader.SIZE);
        } catch (Throwable e) {
            LOGGER.error("{}: so was the error reply", queue, e);
        }
    }

    @Override
    public String toString() {
        return offset < 0 ? opcode + " " + unique : opcode + " " + unique + " of " + transferred + " at " + offset;
    }
}
