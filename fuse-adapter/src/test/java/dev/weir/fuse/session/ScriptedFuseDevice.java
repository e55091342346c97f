package dev.weir.fuse.session;

import dev.weir.fuse.device.FuseDevice;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.posix.PosixSocket;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * The kernel's side of a message socket that stands in for /dev/fuse. Nothing here waits for ever: what does not happen
 * within five seconds fails the test.
 *
 * <p>Not to be used by two threads at a time.
 */
final class ScriptedFuseDevice implements AutoCloseable {
    static {
        // Loads the native library, which event loops do otherwise.
        Epoll.ensureAvailability();
    }

    static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUF = 7;

    /** What anybody may have; the kernel doubles it. */
    private static final int SEND_BUFFER = 212_992;

    private static final int LONGEST_MESSAGE = (1 << 20) + 4096;

    private final FuseDevice device;
    private final Socket kernel;
    private final ByteBuffer message =
            ByteBuffer.allocateDirect(LONGEST_MESSAGE).order(ByteOrder.nativeOrder());

    ScriptedFuseDevice() {
        try {
            PosixSocket.Pair pair = PosixSocket.messagePair(true);
            this.kernel = new Socket(pair.first());
            this.device = FuseDevice.of(pair.second());
            enlarge(kernel);
            enlarge(new Socket(pair.second()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A reply is refused where the buffer is full, which /dev/fuse never does: tests keep unread replies below 400 KiB, each
     * with up to its own length and a kilobyte on top.
     */
    private static void enlarge(Socket socket) throws IOException {
        socket.setIntOpt(SOL_SOCKET, SO_SNDBUF, SEND_BUFFER);
    }

    /** The side that the session gets, and closes. */
    FuseDevice device() {
        return device;
    }

    void send(KernelRequest request) {
        send(request.bytes(), request.bytes().length);
    }

    /** Sends the first {@code length} bytes as one message. */
    void send(byte[] bytes, int length) {
        try {
            message.put(0, bytes, 0, length);
            long deadline = deadline();
            while (kernel.write(message, 0, length) == 0) {
                await(PosixFile.POLLOUT, deadline, "the session reads nothing");
            }
        } catch (IOException e) {
            throw new AssertionError("the session is gone", e);
        }
    }

    /** Takes the next reply, and the notifications before it. */
    KernelReply receive() {
        long deadline = deadline();
        byte[] bytes = poll(deadline);
        while (bytes != null && isNotice(bytes)) {
            bytes = poll(deadline);
        }
        if (bytes == null) {
            throw new AssertionError("no reply came");
        }
        return new KernelReply(bytes);
    }

    /** Takes so many replies, by unique, in the order in which they came. Two to one request fail. */
    Map<Long, KernelReply> receive(int count) {
        Map<Long, KernelReply> replies = new HashMap<>();
        for (int i = 0; i < count; i++) {
            KernelReply reply = receive();
            if (replies.put(reply.unique(), reply) != null) {
                throw new AssertionError("a second reply to one request: " + reply);
            }
        }
        return replies;
    }

    /** Sends a request and takes its reply, which is the next one. */
    KernelReply call(KernelRequest request) {
        send(request);
        return receive().answers(request);
    }

    /**
     * That none of the requests before got a reply, or a second one: STATFS is answered in its turn, so whatever else was
     * answered on the loop would come first.
     */
    void expectNothingMore() {
        call(KernelRequest.statfs()).succeeds();
        byte[] message = poll(System.nanoTime());
        while (message != null && isNotice(message)) {
            message = poll(System.nanoTime());
        }
        if (message != null) {
            throw new AssertionError("a reply that nobody asked for: " + KernelReply.dump(message, 0));
        }
    }

    /** That neither a reply nor a notification comes for a while. */
    void expectSilence(Duration time) {
        byte[] message = poll(System.nanoTime() + time.toNanos());
        if (message != null) {
            throw new AssertionError("a message that nobody asked for: " + KernelReply.dump(message, 0));
        }
    }

    /** That the session closed its side, and left no reply unread. */
    void expectEnd() {
        try {
            int length;
            boolean notice;
            do {
                await(PosixFile.POLLIN, deadline(), "the session does not close its device");
                length = kernel.read(message, 0, message.capacity());
                notice = length > 0 && message.getInt(4) > 0 && message.getLong(8) == 0;
            } while (notice);
            if (length >= 0) {
                throw new AssertionError("a reply that nobody asked for, of " + length + " bytes");
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The end of a connection whose file system was unmounted. */
    void unmount() {
        close();
    }

    /** The end of a connection that was aborted: a socket with an unread reply that is closed resets its peer. */
    void abort() {
        send(KernelRequest.statfs());
        awaitReply();
        close();
    }

    /** As {@link #abort}, where an unread reply is known to be there. */
    void awaitReply() {
        try {
            await(PosixFile.POLLIN, deadline(), "no reply came");
        } catch (PosixException e) {
            throw new AssertionError(e);
        }
    }

    /** Whether a reply, or a notification, waits to be received. */
    boolean hasReply() {
        try {
            return (PosixFile.poll(kernel.intValue(), PosixFile.POLLIN, 0) & PosixFile.POLLIN) != 0;
        } catch (PosixException e) {
            throw new AssertionError(e);
        }
    }

    /** Whether the other side was closed. */
    boolean isHungUp() {
        try {
            return (PosixFile.poll(kernel.intValue(), 0, 0) & PosixFile.POLLHUP) != 0;
        } catch (PosixException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        try {
            kernel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isNotice(byte[] message) {
        ByteBuffer header = ByteBuffer.wrap(message).order(ByteOrder.nativeOrder());
        return header.getInt(4) > 0 && header.getLong(8) == 0;
    }

    /** Takes the next message, which is no reply but a notification, as its bytes. */
    byte[] receiveNotice() {
        byte[] bytes = poll(deadline());
        if (bytes == null) {
            throw new AssertionError("no notification came");
        }
        return bytes;
    }

    private byte[] poll(long deadline) {
        try {
            int length;
            while ((length = kernel.read(message, 0, message.capacity())) == 0) {
                if (PosixFile.poll(kernel.intValue(), PosixFile.POLLIN, millisUntil(deadline)) == 0) {
                    return null;
                }
            }
            if (length < 0) {
                throw new AssertionError("the session has closed its device");
            }
            byte[] bytes = new byte[length];
            message.get(0, bytes);
            return bytes;
        } catch (IOException e) {
            throw new AssertionError("the session is gone", e);
        }
    }

    private void await(int event, long deadline, String otherwise) throws PosixException {
        if (PosixFile.poll(kernel.intValue(), event, millisUntil(deadline)) == 0) {
            throw new AssertionError(otherwise);
        }
    }

    private static long deadline() {
        return System.nanoTime() + PATIENCE.toNanos();
    }

    private static int millisUntil(long deadline) {
        return (int) Math.max(0, (deadline - System.nanoTime()) / 1_000_000);
    }
}
