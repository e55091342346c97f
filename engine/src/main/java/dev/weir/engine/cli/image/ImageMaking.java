package dev.weir.engine.cli.image;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.image.ImageCreation;
import dev.weir.storage.image.ImageFormat;
import dev.weir.storage.image.ImageInfo;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Makes empty images. */
public final class ImageMaking {
    private ImageMaking() {}

    /** A file that an image names, from where it lies. */
    public static Path named(Path image, String name) {
        return image.resolveSibling(name);
    }

    /** The size of the virtual disk of an image: from its header, so that no other file is opened. */
    public static Mono<Long> size(ImageAccess access, Path file, String format) {
        return Mono.defer(() -> {
            Optional<ImageFormat> known = access.format(format);
            return access.file(file, false)
                    .flatMap(backend -> known.map(images -> images.info(backend).map(ImageInfo::virtualSize))
                            .orElseGet(() -> Mono.just(backend.length()))
                            .flatMap(size -> backend.close().thenReturn(size)));
        });
    }

    /**
     * Makes an image in files that are there, and closes them.
     *
     * @param dataFile the file that {@link ImageCreation#dataFile} names
     */
    public static Mono<Void> make(
            ImageAccess access, Path file, String format, @Nullable Path dataFile, ImageCreation creation) {
        return Mono.defer(() -> {
            Optional<ImageFormat> known = access.format(format);
            return access.file(file, true).flatMap(backend -> {
                if (known.isEmpty()) {
                    return makeRaw(backend, creation).then(Mono.defer(backend::close));
                }
                Mono<Void> made = dataFile == null
                        ? known.get().create(backend, null, creation)
                        : access.file(dataFile, true)
                                .flatMap(data -> known.get()
                                        .create(backend, data, creation)
                                        .then(Mono.defer(data::close)));
                return made.then(Mono.defer(backend::close));
            });
        });
    }

    private static Mono<Void> makeRaw(BlockBackend file, ImageCreation creation) {
        if (creation.backingFile() != null) {
            return invalid("Backing file not supported for file format 'raw'");
        }
        if (creation.preallocation() == PreallocMode.METADATA) {
            return invalid("Unsupported preallocation mode: metadata");
        }
        return file.truncate(0, PreallocMode.OFF)
                .then(Mono.defer(() -> file.truncate(creation.size(), creation.preallocation())))
                .then(Mono.defer(file::flush));
    }

    private static Mono<Void> invalid(String message) {
        return Mono.error(BlockException.of(BlockErrorKind.INVALID, message));
    }
}
