package dev.weir.testing;

import dev.weir.storage.BlockLimits;
import dev.weir.storage.Extent;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A device around another one, without a node in between, that sees each request pass. */
public abstract class DeviceFilter extends ProtocolDevice {
    /** What a request does. */
    public enum Kind {
        READ,
        WRITE,
        ZERO,
        DISCARD,
        FLUSH,
        TRUNCATE;

        public boolean changes() {
            return this != READ && this != FLUSH;
        }
    }

    /**
     * A request.
     *
     * @param offset in bytes; of a truncation the new length
     * @param buffer of a read or write, with a position and limit of its own
     */
    public record Request(
            Kind kind, long offset, long length, @Nullable ByteBuffer buffer, Set<WriteFlag> flags) {
        @Override
        public String toString() {
            return kind + " " + offset + "+" + length;
        }
    }

    private final BlockDevice below;

    protected DeviceFilter(BlockDevice below) {
        this.below = below;
    }

    /** Called when the request is subscribed; the request is made by subscribing to {@code operation}. */
    protected abstract Mono<Void> pass(Request request, Mono<Void> operation);

    private Mono<Void> request(
            Kind kind,
            long offset,
            long length,
            @Nullable ByteBuffer buffer,
            Set<WriteFlag> flags,
            Mono<Void> operation) {
        return Mono.defer(() ->
                pass(new Request(kind, offset, length, buffer == null ? null : buffer.duplicate(), flags), operation));
    }

    @Override
    public BlockLimits limits() {
        return below.limits();
    }

    @Override
    public Mono<Void> permissionsChanged(Permissions permissions) {
        return below.permissionsChanged(permissions);
    }

    @Override
    public long length() {
        return below.length();
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return request(Kind.READ, offset, dst.remaining(), dst, WriteFlag.NONE, below.read(offset, dst));
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return request(Kind.WRITE, offset, src.remaining(), src, flags, below.write(offset, src, flags));
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return request(Kind.ZERO, offset, length, null, flags, below.writeZeroes(offset, length, flags));
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return request(Kind.DISCARD, offset, length, null, WriteFlag.NONE, below.discard(offset, length));
    }

    @Override
    public Mono<Void> flush() {
        return request(Kind.FLUSH, 0, 0, null, WriteFlag.NONE, below.flush());
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        return request(Kind.TRUNCATE, length, 0, null, WriteFlag.NONE, below.truncate(length, prealloc));
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return below.blockStatus(offset, length);
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return below.allocatedBytes();
    }

    @Override
    public Mono<Void> close() {
        return below.close();
    }
}
