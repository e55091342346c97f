package dev.weir.testing;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.Extent;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A sparse file in memory that can be resized, and that is copied at little cost: copies share what neither changes. */
public final class MemoryFile extends ProtocolDevice {
    private static final int CHUNK = 4096;
    private static final long MOST = 1L << 31;

    private byte @Nullable [][] chunks = new byte[0][];

    /** Whether the chunk of that number is of this file alone. */
    private boolean[] own = new boolean[0];

    private long length;

    /** An empty file of that length. */
    public MemoryFile(long length) {
        resize(length);
    }

    private MemoryFile(MemoryFile other) {
        chunks = other.chunks.clone();
        own = new boolean[chunks.length];
        length = other.length;
    }

    /** What a file of the host contains. */
    public static MemoryFile of(Path path) {
        try {
            return of(Files.readAllBytes(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static MemoryFile of(byte[] data) {
        var file = new MemoryFile(data.length);
        for (int at = 0; at < data.length; at += CHUNK) {
            byte[] chunk = Arrays.copyOfRange(data, at, at + CHUNK);
            if (!Arrays.equals(chunk, new byte[CHUNK])) {
                file.chunks[at / CHUNK] = chunk;
                file.own[at / CHUNK] = true;
            }
        }
        return file;
    }

    /** A file of its own with the same contents. */
    public synchronized MemoryFile copy() {
        Arrays.fill(own, false);
        return new MemoryFile(this);
    }

    /** Writes it to a file of the host, with holes. */
    public synchronized void saveTo(Path path) {
        try (var out = new RandomAccessFile(path.toFile(), "rw")) {
            out.setLength(0);
            out.setLength(length);
            for (int i = 0; i < chunks.length; i++) {
                byte[] chunk = chunks[i];
                if (chunk != null) {
                    out.seek((long) i * CHUNK);
                    out.write(chunk, 0, (int) Math.min(CHUNK, length - (long) i * CHUNK));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized long length() {
        return length;
    }

    /** Bytes of a range; zeroes past the end. */
    public synchronized byte[] bytes(long offset, int count) {
        byte[] bytes = new byte[count];
        get(offset, ByteBuffer.wrap(bytes));
        return bytes;
    }

    /** Changes a range, and makes the file longer where that is needed. */
    public synchronized void put(long offset, byte[] data) {
        put(offset, ByteBuffer.wrap(data));
    }

    synchronized void put(long offset, ByteBuffer src) {
        if (offset + src.remaining() > length) {
            resize(offset + src.remaining());
        }
        for (long at = offset; src.hasRemaining(); ) {
            int n = Math.min(CHUNK - (int) (at % CHUNK), src.remaining());
            src.get(owned((int) (at / CHUNK)), (int) (at % CHUNK), n);
            at += n;
        }
    }

    /** Zeroes a range, of which only what lies within the file counts. */
    synchronized void zero(long offset, long bytes) {
        long end = Math.min(length, offset + bytes);
        for (long at = offset; at < end; ) {
            int n = (int) Math.min(CHUNK - at % CHUNK, end - at);
            int number = (int) (at / CHUNK);
            if (n == CHUNK) {
                chunks[number] = null;
            } else if (chunks[number] != null) {
                Arrays.fill(owned(number), (int) (at % CHUNK), (int) (at % CHUNK) + n, (byte) 0);
            }
            at += n;
        }
    }

    synchronized void resize(long newLength) {
        if (newLength > MOST) {
            throw BlockException.of(BlockErrorKind.FILE_TOO_LARGE, "a file in memory of " + newLength + " bytes");
        }
        if (newLength < length) {
            zero(newLength, length - newLength);
        }
        int count = Math.toIntExact((newLength + CHUNK - 1) / CHUNK);
        if (count > chunks.length || count < chunks.length / 4) {
            int room = Math.max(count, Math.min(count * 2, count + 1024));
            chunks = Arrays.copyOf(chunks, room);
            own = Arrays.copyOf(own, room);
        }
        length = newLength;
    }

    private byte[] owned(int number) {
        byte[] chunk = chunks[number];
        if (chunk == null) {
            chunk = new byte[CHUNK];
        } else if (!own[number]) {
            chunk = chunk.clone();
        }
        chunks[number] = chunk;
        own[number] = true;
        return chunk;
    }

    private void get(long offset, ByteBuffer dst) {
        for (long at = offset; dst.hasRemaining(); ) {
            int n = Math.min(CHUNK - (int) (at % CHUNK), dst.remaining());
            int number = (int) Math.min(at / CHUNK, Integer.MAX_VALUE);
            byte[] chunk = number < chunks.length ? chunks[number] : null;
            dst.put(chunk == null ? ZEROES : chunk, (int) (at % CHUNK), n);
            at += n;
        }
    }

    private static final byte[] ZEROES = new byte[CHUNK];

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return Mono.fromRunnable(() -> {
            synchronized (this) {
                get(offset, dst);
            }
        });
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return Mono.fromRunnable(() -> put(offset, src));
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return Mono.fromRunnable(() -> zero(offset, length));
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return Mono.fromRunnable(() -> zero(offset, length));
    }

    @Override
    public Mono<Void> flush() {
        return Mono.empty();
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        return Mono.fromRunnable(() -> resize(length));
    }

    @Override
    public synchronized Mono<Extent> blockStatus(long offset, long length) {
        return Mono.fromSupplier(() -> status(offset, length));
    }

    private synchronized Extent status(long offset, long length) {
        boolean data = chunks[(int) (offset / CHUNK)] != null;
        long end = offset;
        while (end < offset + length && (chunks[(int) (end / CHUNK)] != null) == data) {
            end = (end / CHUNK + 1) * CHUNK;
        }
        long run = Math.min(end, offset + length) - offset;
        return data ? Extent.data(offset, run) : Extent.hole(offset, run);
    }

    @Override
    public synchronized Mono<Long> allocatedBytes() {
        return Mono.fromSupplier(
                () -> Arrays.stream(chunks).filter(chunk -> chunk != null).count() * CHUNK);
    }
}
