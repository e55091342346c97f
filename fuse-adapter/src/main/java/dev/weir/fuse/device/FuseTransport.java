package dev.weir.fuse.device;

import java.io.IOException;

/**
 * How a queue reaches the kernel: whole requests in, whole replies out. /dev/fuse is one form; the codec above knows of
 * none.
 */
public interface FuseTransport {
    /** Nothing is pending. */
    int NOTHING = 0;

    /** The connection ended because the file system was unmounted. */
    int UNMOUNTED = -1;

    /** The connection was aborted; the mount may still be there, dead. */
    int ABORTED = -2;

    /**
     * Receives one request. Never blocks. One thread at a time.
     *
     * @param address native address of the buffer
     * @param length bytes of the buffer: at least 4 KiB and the negotiated largest write
     * @return bytes received, or one of {@link #NOTHING}, {@link #UNMOUNTED}, {@link #ABORTED}
     * @throws IOException when the kernel answers something else; the transport is unusable then
     */
    int receive(long address, int length) throws IOException;

    /**
     * Sends one reply. Never blocks. Any thread, concurrently.
     *
     * @return false where the request is gone or the connection has ended, which is no error
     * @throws IOException when the kernel refuses the reply: a defect of the encoder
     */
    boolean reply(long address, int length) throws IOException;

    /**
     * As {@link #reply(long, int)}, with a reply that lies in several places.
     *
     * @param vector native address of {@code count} struct iovec
     * @param length bytes of all together
     */
    boolean reply(long vector, int count, int length) throws IOException;
}
