package dev.weir.storage.qcow2;

import dev.weir.storage.BlockIo;
import dev.weir.storage.WriteFlag;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The file of an image that nobody else uses, read and written one request after the other, through one buffer of at most
 * {@link #CHUNK} bytes. What lies outside of it reads as zero.
 */
final class MetadataFile {
    static final int CHUNK = 1 << 20;
    private static final int PAGE = 4096;
    private static final int HEADER_SECTOR = 512;
    private static final Set<WriteFlag> GROW = EnumSet.of(WriteFlag.GROW);

    private final BlockIo file;
    private @Nullable ByteBuffer buffer;

    MetadataFile(BlockIo file) {
        this.file = file;
    }

    /** Is given the parts of a table one after the other. */
    interface Visitor {
        /**
         * @param offset in the file
         * @param part from its position to its limit; big endian; not to be kept
         */
        void visit(long offset, ByteBuffer part);
    }

    /** Changes the parts of a table. */
    interface Editor {
        /** @return whether it was changed */
        boolean edit(long offset, ByteBuffer part);
    }

    long length() {
        return file.length();
    }

    /** An empty buffer for so many bytes, at most {@link #CHUNK}, in place of any that was handed out before. */
    ByteBuffer buffer(int bytes) {
        ByteBuffer current = buffer;
        if (current == null || current.capacity() < bytes) {
            int capacity = Math.max(bytes + PAGE - 1 & -PAGE, PAGE * 4);
            current = ByteBuffer.allocateDirect(capacity + PAGE).alignedSlice(PAGE);
            buffer = current;
        }
        return current.clear().limit(bytes);
    }

    /** Reads into the buffer, which the next request changes. */
    Mono<ByteBuffer> read(long offset, int bytes) {
        return Mono.defer(() -> {
            ByteBuffer into = buffer(bytes);
            int inside = offset < 0 ? 0 : (int) Math.max(0, Math.min(bytes, file.length() - offset));
            for (int at = inside; at < bytes; at++) {
                into.put(at, (byte) 0);
            }
            Mono<Void> reading = inside == 0 ? Mono.empty() : file.read(offset, into.limit(inside));
            return reading.then(Mono.fromSupplier(() -> into.clear().limit(bytes)));
        });
    }

    /** Reads a table in parts; parts that lie past the end of the file are left out. */
    Mono<Void> scan(long offset, long bytes, Visitor visitor) {
        long end = Math.min(offset + bytes, file.length());
        if (offset < 0 || end <= offset) {
            return Mono.empty();
        }
        var position = new Object() {
            long at = offset;
        };
        return Mono.defer(() -> read(position.at, (int) Math.min(CHUNK, offset + bytes - position.at)))
                .doOnNext(part -> {
                    long at = position.at;
                    position.at += part.remaining();
                    visitor.visit(at, part);
                })
                .repeat(() -> position.at < end)
                .then();
    }

    /** As {@link #scan}, and writes the parts back that the editor changed. */
    Mono<Void> edit(long offset, long bytes, Editor editor) {
        long end = Math.min(offset + bytes, file.length());
        if (offset < 0 || end <= offset) {
            return Mono.empty();
        }
        var position = new Object() {
            long at = offset;
        };
        return Mono.defer(() -> read(position.at, (int) Math.min(CHUNK, end - position.at)))
                .flatMap(part -> {
                    long at = position.at;
                    int length = part.remaining();
                    position.at += length;
                    return editor.edit(at, part) ? write(at, part.clear().limit(length)) : Mono.empty();
                })
                .repeat(() -> position.at < end)
                .then();
    }

    /** Writes, past the end too. */
    Mono<Void> write(long offset, ByteBuffer src) {
        return Mono.defer(
                () -> file.write(offset, src, offset + src.remaining() > file.length() ? GROW : WriteFlag.NONE));
    }

    Mono<Void> flush() {
        return file.flush();
    }

    /** Changes fields of the header, which lie in one sector, between two flushes. */
    Mono<Void> updateHeader(Consumer<ByteBuffer> change) {
        return flush().then(read(0, HEADER_SECTOR))
                .doOnNext(change)
                .flatMap(sector -> write(0, sector.clear().limit((int) Math.min(HEADER_SECTOR, file.length()))))
                .then(Mono.defer(this::flush));
    }
}
