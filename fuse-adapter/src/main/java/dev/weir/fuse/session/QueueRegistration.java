package dev.weir.fuse.session;

import dev.weir.fuse.device.FuseDevice;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.util.concurrent.FutureListener;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The place of a queue in its event loop. Confined to the loop, but for the methods that say otherwise. */
final class QueueRegistration implements EpollIoHandle {
    /** EPOLLERR and EPOLLHUP of include/uapi/linux/eventpoll.h, which are reported whether or not anybody asks for them. */
    private static final int END_OF_CONNECTION = 0x8 | 0x10;

    /**
     * What to ask for while not listening: the end, which is reported anyway. Not {@link EpollIoOps#NONE}: with that Netty
     * 4.2 takes the descriptor out of epoll, and does not put it back.
     */
    private static final EpollIoOps NOT_LISTENING = EpollIoOps.EPOLLERR;

    /**
     * What to ask for while another queue listens: nothing. Whatever else stands in epoll wakes up the loop for each message
     * to the other queue, because the kernel tells all who wait for the connection, and does not tell them why. A one-shot
     * entry that has fired is passed over, and this one fires at once: the descriptor can always be written to. EPOLLOUT and
     * EPOLLONESHOT of include/uapi/linux/eventpoll.h.
     */
    private static final EpollIoOps SPARED = EpollIoOps.valueOf(0x4 | 1 << 30);

    private final FuseQueue queue;
    private final FuseDevice device;
    private final IoEventLoop loop;
    private final CompletableFuture<Void> unregistered = new CompletableFuture<>();
    private @Nullable IoRegistration registration;
    private boolean listening;
    private EpollIoOps interest = NOT_LISTENING;
    private boolean ended;

    /** Netty tells handles of a loop that is shut down, and not those of one whose thread died. */
    private final FutureListener<Object> loopEnded = future -> close();

    QueueRegistration(FuseQueue queue, FuseDevice device, IoEventLoop loop) {
        this.queue = queue;
        this.device = device;
        this.loop = loop;
    }

    /** Registers; then has the queue listen. Any thread. */
    CompletionStage<Void> start() {
        var started = new CompletableFuture<Void>();
        loop.terminationFuture().addListener(loopEnded);
        try {
            loop.register(this).addListener(future -> {
                if (future.isSuccess()) {
                    try {
                        registered((IoRegistration) future.getNow());
                        started.complete(null);
                    } catch (RuntimeException e) {
                        // epoll takes no more descriptors.
                        end();
                        started.completeExceptionally(e);
                    }
                } else {
                    unregistered();
                    started.completeExceptionally(future.cause());
                }
            });
        } catch (RejectedExecutionException e) {
            unregistered();
            started.completeExceptionally(e);
        }
        return started;
    }

    private void registered(IoRegistration current) {
        registration = current;
        if (ended) {
            current.cancel();
        } else {
            current.submit(NOT_LISTENING);
            queue.listen();
        }
    }

    @Override
    public FileDescriptor fd() {
        return device.descriptor();
    }

    @Override
    public void handle(IoRegistration current, IoEvent event) {
        assert loop.inEventLoop();
        registration = current;
        EpollIoOps ops = ((EpollIoEvent) event).ops();
        try {
            if (listening && ops.contains(EpollIoOps.EPOLLIN)) {
                queue.receiveMany();
            } else if (!ended && (ops.value() & END_OF_CONNECTION) != 0) {
                // Reading tells why, and ends what would spin otherwise. What else comes is an event that was fetched
                // before the queue stopped listening.
                queue.receiveOne();
            }
        } catch (Throwable e) {
            // Netty would log it and put the loop to sleep for a second.
            queue.broken(e);
        }
    }

    @Override
    public void unregistered() {
        loop.terminationFuture().removeListener(loopEnded);
        unregistered.complete(null);
    }

    /** The loop ends below the session. Loop, or any thread when it has ended. */
    @Override
    public void close() {
        queue.end(FuseSession.End.BROKEN, new IOException("the event loop was shut down"));
    }

    /**
     * Whether events of the descriptor are of interest from now on.
     *
     * @param spared whether another queue listens, so that not even the end of the connection is
     */
    void listen(boolean wanted, boolean spared) {
        assert loop.inEventLoop() || loop.isTerminated();
        IoRegistration current = registration;
        EpollIoOps next = spared ? SPARED : wanted && !ended ? EpollIoOps.EPOLLIN : NOT_LISTENING;
        if (current != null && !next.equals(interest) && current.isValid() && !loop.isTerminated()) {
            interest = next;
            listening = next.equals(EpollIoOps.EPOLLIN);
            current.submit(next);
        }
    }

    boolean isListening() {
        return listening;
    }

    boolean isEnded() {
        return ended;
    }

    /** Takes the descriptor from the loop: no event comes any more. */
    void end() {
        ended = true;
        listening = false;
        IoRegistration current = registration;
        if (current == null || loop.isTerminated()) {
            unregistered();
        } else {
            current.cancel();
        }
    }

    /** As {@link #end}; completes when no event can come any more. Any thread. */
    CompletionStage<Void> deregister() {
        onLoop(this::end);
        return unregistered;
    }

    /**
     * Any thread.
     *
     * @throws RejectedExecutionException where the loop has ended
     */
    void schedule(Runnable action, long millis) {
        loop.schedule(action, millis, TimeUnit.MILLISECONDS).addListener(future -> {
            if (future.cause() != null && !future.isCancelled()) {
                queue.broken(future.cause());
            }
        });
    }

    /** On the loop, at once where this is it. Any thread. */
    void onLoop(Runnable action) {
        if (loop.inEventLoop()) {
            action.run();
        } else {
            later(action);
        }
    }

    /** On the loop, after what it is at. Any thread. */
    void later(Runnable action) {
        try {
            loop.execute(action);
        } catch (RejectedExecutionException e) {
            // The loop was shut down below the session. Once it has ended, nobody else touches its state.
            if (loop.isTerminated()) {
                action.run();
            } else {
                loop.terminationFuture().addListener(future -> action.run());
            }
        }
    }
}
