package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockIo;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.image.ImageCreation;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Makes an empty image. Its header is written when all the rest is on stable storage: what was begun and has not come to its
 * end is no image.
 */
final class Qcow2Create {
    private Qcow2Create() {}

    static Mono<Void> create(BlockIo file, @Nullable BlockIo dataFile, ImageCreation creation) {
        return Mono.defer(() -> {
            CreateOptions options = CreateOptions.of(creation);
            if ((dataFile == null) != (options.dataFile() == null)) {
                throw CreateOptions.invalid("A data file is given where it is named, and named where it is given");
            }
            NewLayout layout = NewLayout.of(options);
            ByteBuffer header = NewHeader.of(options, layout);
            PreallocMode data = options.preallocation();
            int shift = options.geometry().clusterBits();
            Mono<Void> room = dataFile == null
                    ? empty(file, layout.firstData() << shift, layout.clusters() << shift, data)
                    : empty(file, layout.firstData() << shift, layout.firstData() << shift, PreallocMode.OFF)
                            .then(Mono.defer(() -> empty(dataFile, 0, options.size(), data)))
                            .then(Mono.defer(dataFile::flush));
            return room.then(Mono.defer(() -> new NewTables(options, layout).write(file)))
                    .then(Mono.defer(file::flush))
                    .then(Mono.defer(() -> file.write(0, header, WriteFlag.NONE)))
                    .then(Mono.defer(file::flush));
        });
    }

    /**
     * Makes a file so long, and read as zero.
     *
     * @param from where the preallocation begins
     */
    private static Mono<Void> empty(BlockIo file, long from, long length, PreallocMode prealloc) {
        return file.truncate(0, PreallocMode.OFF)
                .then(Mono.defer(() -> file.truncate(from, PreallocMode.OFF)))
                .then(Mono.defer(() -> length > from ? file.grow(from, length, prealloc) : Mono.empty()))
                .onErrorResume(
                        BlockException.class,
                        failure -> failure.kind() == BlockErrorKind.UNSUPPORTED
                                ? overwrite(file, length, prealloc)
                                : Mono.error(failure));
    }

    /** For a device of the host, which has the length that it has. */
    private static Mono<Void> overwrite(BlockIo file, long length, PreallocMode prealloc) {
        if (file.length() < length) {
            return Mono.error(BlockException.of(
                    BlockErrorKind.NO_SPACE, "The image needs " + length + " bytes, and there are " + file.length()));
        }
        boolean reserve = prealloc == PreallocMode.FALLOC || prealloc == PreallocMode.FULL;
        Set<WriteFlag> flags = reserve ? WriteFlag.NONE : EnumSet.of(WriteFlag.MAY_UNMAP);
        return length == 0 ? Mono.empty() : file.writeZeroes(0, length, flags);
    }
}
