package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.image.ImageFormat;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.FormatDriver;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.OptionReader;
import java.util.Optional;
import reactor.core.publisher.Mono;

/**
 * {@code qcow2}: images of versions 2 and 3. Options: {@code file} (the child), {@code backing} (the node below it, where the
 * image names one; empty text for none), {@code data-file} (where the image has an external one),
 * {@code cache-size}, {@code l2-cache-size}, {@code l2-cache-entry-size} and {@code refcount-cache-size} in bytes.
 *
 * <p>A backing or data file that the image names and the options do not goes through the gate of
 * {@link OpenContext#openImplicit}.
 */
public final class Qcow2Driver implements FormatDriver {
    @Override
    public String name() {
        return "qcow2";
    }

    @Override
    public Optional<ImageFormat> imageFormat() {
        return Optional.of(new Qcow2ImageFormat());
    }

    @Override
    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
        return Mono.defer(() -> {
            CacheSizes sizes = sizes(options);
            DiscardOptions discards = new DiscardOptions(
                    options.flag("pass-discard-request", context.discardUnmap()),
                    options.flag("discard-no-unref", false));
            boolean backingSet = options.has("backing");
            var backing = backingSet ? options.child("backing") : null;
            var dataFile = options.has("data-file") ? options.child("data-file") : null;
            return context.openChild(options.child("file"))
                    .flatMap(file -> ImageOpener.header(file).flatMap(header -> {
                        if (!context.readOnly() && header.has(Feature.CORRUPT)) {
                            throw BlockException.of(
                                    BlockErrorKind.READ_ONLY, "qcow2: Image is corrupt; cannot be opened read/write");
                        }
                        Mono<Optional<BlockNode>> data = Mono.just(Optional.empty());
                        if (header.hasDataFile()) {
                            data = (dataFile != null
                                            ? context.openChild(dataFile)
                                            : implicit(context, header.dataFile(), "raw", context.readOnly()))
                                    .map(Optional::of);
                        } else if (dataFile != null) {
                            throw BlockException.of(
                                    BlockErrorKind.INVALID,
                                    "'data-file' can only be set for images with an external data file");
                        }
                        Mono<Optional<BlockNode>> below = Mono.just(Optional.empty());
                        if (backing != null) {
                            below = context.openChild(backing).map(Optional::of);
                        } else if (header.backingFile() != null) {
                            below = implicit(context, header.backingFile(), header.backingFormat(), true)
                                    .map(Optional::of);
                        }
                        Mono<Optional<BlockNode>> opened = below;
                        return data.flatMap(dataNode -> opened.flatMap(backingNode -> {
                            var opener = new ImageOpener(
                                    context.nodeName(),
                                    file,
                                    dataNode.orElse(null),
                                    backingNode.orElse(null),
                                    sizes,
                                    context.blockingExecutor());
                            return opener.load(false)
                                    .<BlockDevice>map(image -> new Qcow2Device(opener, image, discards));
                        }));
                    }));
        });
    }

    private static Mono<BlockNode> implicit(
            OpenContext context,
            @org.jspecify.annotations.Nullable String name,
            @org.jspecify.annotations.Nullable String format,
            boolean readOnly) {
        if (name == null) {
            throw BlockException.of(BlockErrorKind.INVALID, "'data-file' is required for this image");
        }
        if (format == null) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "The image names the backing file '" + name + "' without its format; describe it with 'backing'");
        }
        return context.openImplicit(name, format, readOnly);
    }

    private static CacheSizes sizes(OptionReader options) {
        return new CacheSizes(
                options.bytes("cache-size").orElse(0),
                options.bytes("l2-cache-size").orElse(0),
                (int) options.bytes("l2-cache-entry-size").orElse(0),
                options.bytes("refcount-cache-size").orElse(0));
    }
}
