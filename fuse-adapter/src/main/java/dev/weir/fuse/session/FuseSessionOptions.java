package dev.weir.fuse.session;

/**
 * What a session needs to know of its export.
 *
 * @param name how log lines call it
 * @param writable whether the image may be changed
 * @param growable whether writes past the end grow the image
 * @param writethrough whether each write is on stable storage before it is answered
 * @param allowOther whether the file system was mounted with {@code allow_other}
 * @param uid owner of the file that is shown
 * @param gid group of the file that is shown
 * @param kernelCache whether those who only read may use the kernel's page cache
 * @param besideWriters whether they may while others write, who are slowed down by that
 * @param clientAffinity whether event loops go to the processor of a client that waits for each answer
 * @param spareQueues whether queues but the first listen only while there is more than one can do
 * @param maxInFlightBytes budget of bounce buffers in bytes, per queue
 * @param maxInFlightRequests most requests in flight, per queue
 */
public record FuseSessionOptions(
        String name,
        boolean writable,
        boolean growable,
        boolean writethrough,
        boolean allowOther,
        int uid,
        int gid,
        boolean kernelCache,
        boolean besideWriters,
        boolean clientAffinity,
        boolean spareQueues,
        long maxInFlightBytes,
        int maxInFlightRequests) {}
