package dev.weir.posix;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** Pairs of local sockets, and descriptors that are passed over them. */
public final class PosixSocket {
    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_SEQPACKET = 5;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int MSG_CTRUNC = 0x08;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;

    // struct msghdr: name@0 namelen@8 iov@16 iovlen@24 control@32 controllen@40 flags@48, 56 bytes.
    private static final int MSGHDR_BYTES = 56;
    private static final int MSG_FLAGS = 48;
    private static final int IOVEC = MSGHDR_BYTES;
    // struct cmsghdr: len@0 level@8 type@12 data@16; one int of data makes a length of 20 and takes 24 bytes.
    private static final int CMSGHDR = IOVEC + 16;
    private static final int CMSG_DATA = CMSGHDR + 16;
    private static final int CMSG_LENGTH = 20;
    private static final int CMSG_SPACE = 24;
    private static final int BYTE = CMSGHDR + CMSG_SPACE;

    /** Two connected sockets, close-on-exec; the owner closes both. */
    public record Pair(int first, int second) {}

    private PosixSocket() {}

    /** A byte stream in both directions. Its descriptors block. */
    public static Pair streamPair() throws PosixException {
        return socketpair(SOCK_STREAM);
    }

    /** Messages with kept boundaries in both directions, which is how a FUSE device behaves. Does not block. */
    public static Pair messagePair(boolean nonBlocking) throws PosixException {
        return socketpair(nonBlocking ? SOCK_SEQPACKET | SOCK_NONBLOCK : SOCK_SEQPACKET);
    }

    /**
     * Receives one descriptor with one byte of data; blocks until it comes.
     *
     * @return the descriptor, close-on-exec; -1 where the peer closed the socket, or sent a byte without a descriptor
     */
    public static int receiveDescriptor(int socket) throws PosixException {
        ByteBuffer message = message();
        long n;
        do {
            n = LibC.CALLS.recvmsg(socket, message, MSG_CMSG_CLOEXEC);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        LibC.check(n, "recvmsg");
        try {
            boolean one = n > 0
                    && message.getLong(40) >= CMSG_LENGTH
                    && message.getLong(CMSGHDR) == CMSG_LENGTH
                    && message.getInt(CMSGHDR + 8) == SOL_SOCKET
                    && message.getInt(CMSGHDR + 12) == SCM_RIGHTS;
            if (!one) {
                return -1;
            }
            int fd = message.getInt(CMSG_DATA);
            if ((message.getInt(MSG_FLAGS) & MSG_CTRUNC) != 0) {
                PosixFile.close(fd);
                return -1;
            }
            return fd;
        } finally {
            Reference.reachabilityFence(message);
        }
    }

    /** Sends one descriptor with one byte of data; may block. The descriptor stays the caller's. */
    public static void sendDescriptor(int socket, int fd) throws PosixException {
        ByteBuffer message = message();
        message.putLong(CMSGHDR, CMSG_LENGTH);
        message.putInt(CMSGHDR + 8, SOL_SOCKET);
        message.putInt(CMSGHDR + 12, SCM_RIGHTS);
        message.putInt(CMSG_DATA, fd);
        long n;
        do {
            n = LibC.CALLS.sendmsg(socket, message, MSG_NOSIGNAL);
        } while (n < 0 && LibC.errno() == Errno.EINTR);
        LibC.check(n, "sendmsg");
        Reference.reachabilityFence(message);
    }

    /** A message header with one byte of data and room for one descriptor behind it. */
    private static ByteBuffer message() {
        ByteBuffer message = LibC.struct(BYTE + 8);
        long address = LibC.address(message);
        message.putLong(16, address + IOVEC);
        message.putLong(24, 1);
        message.putLong(32, address + CMSGHDR);
        message.putLong(40, CMSG_SPACE);
        message.putLong(IOVEC, address + BYTE);
        message.putLong(IOVEC + 8, 1);
        return message;
    }

    private static Pair socketpair(int type) throws PosixException {
        int[] fds = new int[2];
        LibC.check(LibC.CALLS.socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds), "socketpair");
        return new Pair(fds[0], fds[1]);
    }
}
