package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import dev.weir.storage.spi.ProtocolDevice;
import dev.weir.storage.spi.ProtocolDriver;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Storage that outlives the devices that are opened on it, one for each {@code id}; several at a time see the same bytes.
 * {@code mode} may change: {@code broken} does not open, {@code sealed} opens read-only, and {@code sectors} takes whole
 * sectors only.
 */
final class StoreDriver implements ProtocolDriver {
    private static final int BYTES = 64 << 10;
    private static final Option<String> ID = Option.requiredString("id");
    private static final Option<String> MODE = Option.string("mode", "plain");

    final Map<String, byte[]> stores = new ConcurrentHashMap<>();

    /** As {@code open a}, {@code close a}, in the order in which it happened. */
    final List<String> events = new CopyOnWriteArrayList<>();

    /** What the storage of an id was told last that its users do. */
    final Map<String, Permissions> held = new ConcurrentHashMap<>();

    /** The id whose users must not write: another process does. */
    volatile @Nullable String taken;

    volatile boolean flushFails;

    @Override
    public String name() {
        return "store";
    }

    @Override
    public OptionSchema options() {
        return OptionSchema.of(ID, MODE);
    }

    @Override
    public Set<String> changeableOptions() {
        return Set.of("mode");
    }

    @Override
    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
        return Mono.fromSupplier(() -> {
            String id = options.get(ID);
            String mode = options.get(MODE);
            if ("broken".equals(mode)) {
                throw BlockException.of(BlockErrorKind.IO, "broken");
            }
            if ("sealed".equals(mode) && !context.readOnly()) {
                throw BlockException.of(BlockErrorKind.READ_ONLY, "sealed");
            }
            events.add("open " + id);
            return new Device(
                    id,
                    stores.computeIfAbsent(id, absent -> new byte[BYTES]),
                    "sectors".equals(mode) ? new BlockLimits(512, 512, 1 << 20, 1, 0) : BlockLimits.BYTES);
        });
    }

    private final class Device extends ProtocolDevice {
        private final String id;
        private final byte[] bytes;
        private final BlockLimits limits;
        private volatile boolean closed;

        Device(String id, byte[] bytes, BlockLimits limits) {
            this.id = id;
            this.bytes = bytes;
            this.limits = limits;
        }

        @Override
        public BlockLimits limits() {
            return limits;
        }

        @Override
        public long length() {
            return bytes.length;
        }

        @Override
        public Mono<Void> read(long offset, ByteBuffer dst) {
            return io(offset, dst, () -> dst.duplicate().put(bytes, (int) offset, dst.remaining()));
        }

        @Override
        public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
            return io(offset, src, () -> src.duplicate().get(bytes, (int) offset, src.remaining()));
        }

        private Mono<Void> io(long offset, ByteBuffer buffer, Runnable copy) {
            return Mono.fromRunnable(() -> {
                if (closed || ((offset | buffer.remaining()) & limits.requestAlignment() - 1) != 0) {
                    throw new AssertionError("a request that the device must not see");
                }
                copy.run();
            });
        }

        @Override
        public Mono<Void> flush() {
            events.add("flush " + id);
            return flushFails ? Mono.error(BlockException.of(BlockErrorKind.IO, "lost")) : Mono.empty();
        }

        @Override
        public Mono<Void> permissionsChanged(Permissions permissions) {
            return Mono.fromRunnable(() -> {
                if (permissions.writes() && id.equals(taken)) {
                    throw BlockException.of(BlockErrorKind.BUSY, "taken");
                }
                held.put(id, permissions);
            });
        }

        @Override
        public Mono<Void> close() {
            closed = true;
            events.add("close " + id);
            return Mono.empty();
        }
    }
}
