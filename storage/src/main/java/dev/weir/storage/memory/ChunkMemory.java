package dev.weir.storage.memory;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes memory outside of the heap from the JVM, which collects garbage and sleeps before it says that there is none: whoever
 * must not wait asks first whether there is room. Any thread.
 */
final class ChunkMemory {
    /** How long nothing is tried after the JVM had nothing. */
    private static final Duration FULL = Duration.ofSeconds(1);

    /** What others may take between a look and what follows it. */
    private static final long MARGIN = 16 << 20;

    private final LongSupplier used;
    private final long most;
    private final IntFunction<ByteBuffer> source;
    private boolean full;
    private long fullUntil;

    /**
     * @param used bytes that are taken, by anybody
     * @param max bytes that may be
     * @param source throws {@link OutOfMemoryError}, perhaps after a while
     */
    ChunkMemory(LongSupplier used, long max, IntFunction<ByteBuffer> source) {
        this.used = used;
        this.most = max - Math.min(MARGIN, max / 8);
        this.source = source;
    }

    /** The JVM's. */
    static ChunkMemory ofJvm() {
        return Jvm.MEMORY;
    }

    /** Whether so many bytes are got without waiting. */
    boolean hasRoom(long bytes) {
        return used.getAsLong() + bytes <= most;
    }

    /** Where there {@linkplain #hasRoom is room}. */
    ByteBuffer take(int bytes) {
        try {
            return source.apply(bytes);
        } catch (OutOfMemoryError e) {
            throw none(e);
        }
    }

    /** Where there may be none: blocks. One thread at a time finds out, and the others believe it for a while. */
    synchronized ByteBuffer await(int bytes) {
        if (full && fullUntil - System.nanoTime() > 0 && !hasRoom(bytes)) {
            throw none(null);
        }
        full = false;
        try {
            return source.apply(bytes);
        } catch (OutOfMemoryError e) {
            full = true;
            fullUntil = System.nanoTime() + FULL.toNanos();
            throw none(e);
        }
    }

    private static BlockException none(@Nullable OutOfMemoryError cause) {
        return cause == null
                ? BlockException.of(BlockErrorKind.NO_MEMORY, "No memory for a chunk of a memory device")
                : BlockException.of(BlockErrorKind.NO_MEMORY, "No memory for a chunk of a memory device", cause);
    }

    private static final class Jvm {
        static final ChunkMemory MEMORY = new ChunkMemory(pool()::getMemoryUsed, max(), ByteBuffer::allocateDirect);

        private static BufferPoolMXBean pool() {
            return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                    .filter(pool -> pool.getName().equals("direct"))
                    .findFirst()
                    .orElseThrow();
        }

        private static long max() {
            long option = Long.parseLong(ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                    .getVMOption("MaxDirectMemorySize")
                    .getValue());
            return option > 0 ? option : Runtime.getRuntime().maxMemory();
        }
    }
}
