package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockIo;
import dev.weir.storage.Extent;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A file in an array, as strict as a node, that remembers what was written since when. */
final class BytesFile implements BlockIo {
    private static final int LARGEST = 1 << 20;

    private byte[] bytes;

    /** What was written, in its order; null stands for a flush. */
    final List<@Nullable Write> log = new ArrayList<>();

    /** Requests until one fails; negative where none does. */
    int failAfter = -1;

    record Write(long offset, byte[] data) {}

    BytesFile(byte[] bytes) {
        this.bytes = bytes;
    }

    static BytesFile of(Path path) throws IOException {
        return new BytesFile(Files.readAllBytes(path));
    }

    void store(Path path) throws IOException {
        Files.write(path, bytes);
    }

    byte[] bytes() {
        return bytes;
    }

    ByteBuffer view() {
        return ByteBuffer.wrap(bytes);
    }

    Qcow2Header header() {
        return HeaderParser.parse(view());
    }

    static <T> @Nullable T await(Mono<T> mono) {
        return mono.block(Duration.ofSeconds(60));
    }

    @Override
    public long length() {
        return bytes.length;
    }

    private void count(String operation, long offset) {
        if (failAfter >= 0 && failAfter-- == 0) {
            failAfter = 0;
            throw BlockException.failed(BlockErrorKind.IO, "bytes", operation, offset, null);
        }
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return Mono.fromRunnable(() -> {
            count("read", offset);
            if (offset < 0 || offset + dst.remaining() > bytes.length || dst.remaining() > LARGEST) {
                throw new AssertionError("read " + offset + " + " + dst.remaining());
            }
            dst.put(bytes, (int) offset, dst.remaining());
        });
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return Mono.fromRunnable(() -> {
            count("write", offset);
            long end = offset + src.remaining();
            if (offset < 0
                    || src.remaining() == 0
                    || src.remaining() > LARGEST
                    || (end > bytes.length && !flags.contains(WriteFlag.GROW))) {
                throw new AssertionError("write " + offset + " + " + src.remaining() + " of " + bytes.length);
            }
            byte[] data = new byte[src.remaining()];
            src.get(data);
            log.add(new Write(offset, data));
            bytes = apply(bytes, offset, data);
        });
    }

    static byte[] apply(byte[] to, long offset, byte[] data) {
        byte[] result = offset + data.length > to.length ? Arrays.copyOf(to, (int) offset + data.length) : to;
        System.arraycopy(data, 0, result, (int) offset, data.length);
        return result;
    }

    @Override
    public Mono<Void> flush() {
        return Mono.fromRunnable(() -> {
            count("flush", -1);
            log.add(null);
        });
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return Mono.defer(() -> write(offset, ByteBuffer.allocate((int) length), flags));
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return Mono.empty();
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        return Mono.fromRunnable(() -> bytes = Arrays.copyOf(bytes, (int) length));
    }

    @Override
    public Mono<Void> grow(long from, long end, PreallocMode prealloc) {
        return Mono.fromRunnable(() -> bytes = Arrays.copyOf(bytes, (int) Math.max(end, bytes.length)));
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return Mono.just(Extent.data(offset, length));
    }

    @Override
    public Mono<Long> allocatedBytes() {
        return Mono.just((long) bytes.length);
    }
}
