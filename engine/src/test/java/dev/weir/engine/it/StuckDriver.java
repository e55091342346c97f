package dev.weir.engine.it;

import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.Extent;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.FilterDriver;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * {@code stuck}: a filter whose reads at {@link #STUCK_READ} and writes at {@link #STUCK_WRITE} do not end before
 * {@link #release}, which may be never. Public for {@link java.util.ServiceLoader}.
 */
public final class StuckDriver implements FilterDriver {
    static final long STUCK_READ = 1 << 20;
    static final long STUCK_WRITE = 2 << 20;

    /** A read here breaks the contract of devices: it blocks the thread that calls, for ever. */
    static final long BLOCKING_READ = 3 << 20;

    private static volatile Sinks.Empty<Void> released = Sinks.empty();

    /** Lets what is stuck go on; what comes later is stuck again. */
    static void release() {
        Sinks.Empty<Void> before = released;
        released = Sinks.empty();
        before.tryEmitEmpty();
    }

    private static final Option<NodeOptions> FILE = Option.requiredChild("file");

    @Override
    public OptionSchema options() {
        return OptionSchema.of(FILE);
    }

    @Override
    public String name() {
        return "stuck";
    }

    @Override
    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
        return context.openChild(options.get(FILE)).map(Device::new);
    }

    private static final class Device implements BlockDevice {
        private final BlockNode file;

        Device(BlockNode file) {
            this.file = file;
        }

        @Override
        public BlockLimits limits() {
            return BlockLimits.BYTES;
        }

        @Override
        public List<BlockNode> children() {
            return List.of(file);
        }

        @Override
        public Permissions childPermissions(BlockNode child, Permissions permissions) {
            return permissions;
        }

        @Override
        public Mono<Void> permissionsChanged(Permissions permissions) {
            return Mono.empty();
        }

        @Override
        public long length() {
            return file.length();
        }

        @Override
        public Mono<Void> read(long offset, ByteBuffer dst) {
            if (offset == BLOCKING_READ) {
                synchronized (this) {
                    while (true) {
                        try {
                            wait();
                        } catch (InterruptedException e) {
                            // It blocks all the same.
                        }
                    }
                }
            }
            Mono<Void> read = file.read(offset, dst);
            return offset == STUCK_READ ? released.asMono().then(read) : read;
        }

        @Override
        public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
            Mono<Void> write = file.write(offset, src, flags);
            return offset == STUCK_WRITE ? released.asMono().then(write) : write;
        }

        @Override
        public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
            return file.writeZeroes(offset, length, flags);
        }

        @Override
        public Mono<Void> discard(long offset, long length) {
            return file.discard(offset, length);
        }

        @Override
        public Mono<Void> flush() {
            return file.flush();
        }

        @Override
        public Mono<Void> truncate(long length, PreallocMode prealloc) {
            return file.truncate(length, prealloc);
        }

        @Override
        public Mono<Void> grow(long from, long end, PreallocMode prealloc) {
            return file.grow(from, end, prealloc);
        }

        @Override
        public Mono<Extent> blockStatus(long offset, long length) {
            return file.blockStatus(offset, length);
        }

        @Override
        public Mono<Long> allocatedBytes() {
            return file.allocatedBytes();
        }

        @Override
        public Mono<Void> close() {
            return Mono.empty();
        }
    }
}
