package dev.weir.storage.raw;

import dev.weir.storage.BackingFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.image.ImageMagic;
import dev.weir.storage.spi.SerialOperations;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/**
 * A raw image whose format was guessed. Whatever touches the first sector is looked at as the sector that would result, and
 * refused where that would begin like an image of another format; what lies behind it passes untouched.
 */
final class ProbedRawDevice extends RawDevice {
    private static final int SECTOR = 512;

    private final BlockNode file;

    /** The changes of the first sector, none of which must miss the other. */
    private final SerialOperations changes = new SerialOperations();

    ProbedRawDevice(BlockNode file) {
        super(file, 0, UP_TO_THE_END);
        this.file = file;
    }

    /** None for writers, whose mappings of the file nobody would look at. */
    @Override
    public @Nullable BackingFile backingFile() {
        return file.readOnly() ? super.backingFile() : null;
    }

    @Override
    public Mono<Void> write(long at, ByteBuffer src, Set<WriteFlag> flags) {
        if (at >= SECTOR) {
            return super.write(at, src, flags);
        }
        int first = (int) at;
        return guarded(
                sector -> sector.put(first, src, src.position(), Math.min(src.remaining(), SECTOR - first)),
                () -> super.write(at, src, flags));
    }

    @Override
    public void startWrite(long at, ByteBuffer src, Set<WriteFlag> flags, CoreSubscriber<? super Void> actual) {
        if (at >= SECTOR) {
            super.startWrite(at, src, flags, actual);
        } else {
            write(at, src, flags).subscribe(actual);
        }
    }

    @Override
    public Mono<Void> writeZeroes(long at, long length, Set<WriteFlag> flags) {
        return at >= SECTOR
                ? super.writeZeroes(at, length, flags)
                : guarded(sector -> zero(sector, at, length), () -> super.writeZeroes(at, length, flags));
    }

    @Override
    public Mono<Void> discard(long at, long length) {
        return at >= SECTOR
                ? super.discard(at, length)
                : guarded(sector -> zero(sector, at, length), () -> super.discard(at, length));
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        if (Math.min(length, file.length()) >= SECTOR) {
            return super.truncate(length, prealloc);
        }
        return guarded(
                sector -> zero(sector, Math.min(length, SECTOR), SECTOR), () -> super.truncate(length, prealloc));
    }

    @Override
    public Mono<Void> grow(long from, long end, PreallocMode prealloc) {
        return file.length() >= SECTOR
                ? super.grow(from, end, prealloc)
                : guarded(sector -> {}, () -> super.grow(from, end, prealloc));
    }

    private static void zero(ByteBuffer sector, long at, long length) {
        for (int i = (int) at; i < Math.min(at + length, SECTOR); i++) {
            sector.put(i, (byte) 0);
        }
    }

    /** Makes the change to a copy of the sector first. */
    private Mono<Void> guarded(Consumer<ByteBuffer> change, Supplier<Mono<Void>> operation) {
        return changes.run(() -> {
            ByteBuffer sector = ByteBuffer.allocateDirect(SECTOR);
            return file.read(0, sector).then(Mono.defer(() -> {
                sector.clear();
                change.accept(sector);
                String format = ImageMagic.formatOf(sector.clear());
                return format == null ? operation.get() : Mono.error(denied(format));
            }));
        });
    }

    private static BlockException denied(String format) {
        return BlockException.of(
                BlockErrorKind.ACCESS_DENIED,
                "Writing the magic number of format '" + format
                        + "' to an image of which the format was not specified is denied;"
                        + " specify the format 'raw' to allow it");
    }
}
