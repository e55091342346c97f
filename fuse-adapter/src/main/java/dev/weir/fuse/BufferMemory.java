package dev.weir.fuse;

import dev.weir.fuse.device.FuseMountException;
import dev.weir.fuse.session.FuseHandshake;
import io.netty.util.internal.PlatformDependent;

/** Whether the bounce buffers that an export may come to need fit in what the JVM has for them. */
final class BufferMemory {
    private BufferMemory() {}

    /** Better at once, with a reason, than when clients are at work. */
    static void check(FuseExportOptions options, int queues) {
        check(options.maxInFlightBytes(), queues, PlatformDependent.maxDirectMemory());
    }

    static void check(long budget, int queues, long available) {
        // Besides its budget a queue has a buffer to receive into.
        long most = available / queues - FuseHandshake.maxTransfer();
        if (budget > most) {
            throw new FuseMountException("not enough memory for the buffers: max-in-flight-bytes may be at most "
                    + Math.max(0, most >> 20) + "M for each of " + queues + " iothreads, because the JVM has "
                    + (available >> 20) + "M of direct memory (-XX:MaxDirectMemorySize)");
        }
    }
}
