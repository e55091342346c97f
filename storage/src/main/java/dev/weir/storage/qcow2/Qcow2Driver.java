package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.image.ImageFormat;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.FormatDriver;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * {@code qcow2}: images of versions 2 and 3.
 *
 * <p>Options: {@code file} (the child); {@code backing} (the node below; none with null), {@code data-file} (where the image
 * has an external one); {@code cache-size}, {@code l2-cache-size}, {@code l2-cache-entry-size} and
 * {@code refcount-cache-size} in bytes (no total, at most 32 MiB, 4 KiB, 1 MiB); {@code pass-discard-request} (as the node's
 * {@code discard}) and {@code discard-no-unref} (off).
 *
 * <p>A backing or data file that the image names and the options do not goes through the gate of
 * {@link OpenContext#openImplicit}. The image is read anew whenever a first user comes, because others may have changed it
 * while there was none; its metadata is written when the last one that writes goes, and whenever it is flushed.
 */
public final class Qcow2Driver implements FormatDriver {
    private static final Option<NodeOptions> FILE = Option.requiredChild("file");
    private static final Option<Optional<NodeOptions>> BACKING = Option.childOrNull("backing");
    private static final Option<Optional<NodeOptions>> DATA_FILE = Option.child("data-file");
    private static final Option<OptionalLong> CACHE_SIZE = Option.bytes("cache-size");
    private static final Option<OptionalLong> L2_CACHE_SIZE = Option.bytes("l2-cache-size");
    private static final Option<OptionalLong> L2_CACHE_ENTRY_SIZE = Option.bytes("l2-cache-entry-size");
    private static final Option<OptionalLong> REFCOUNT_CACHE_SIZE = Option.bytes("refcount-cache-size");
    private static final Option<Optional<Boolean>> PASS_DISCARD_REQUEST = Option.flag("pass-discard-request");
    private static final Option<Boolean> DISCARD_NO_UNREF = Option.flag("discard-no-unref", false);

    private static final Set<String> CHANGEABLE = Set.of(
            CACHE_SIZE.name(),
            L2_CACHE_SIZE.name(),
            L2_CACHE_ENTRY_SIZE.name(),
            REFCOUNT_CACHE_SIZE.name(),
            PASS_DISCARD_REQUEST.name(),
            DISCARD_NO_UNREF.name());

    @Override
    public String name() {
        return "qcow2";
    }

    @Override
    public OptionSchema options() {
        return OptionSchema.of(
                FILE,
                BACKING,
                DATA_FILE,
                CACHE_SIZE,
                L2_CACHE_SIZE,
                L2_CACHE_ENTRY_SIZE,
                REFCOUNT_CACHE_SIZE,
                PASS_DISCARD_REQUEST,
                DISCARD_NO_UNREF);
    }

    @Override
    public Optional<ImageFormat> imageFormat() {
        return Optional.of(new Qcow2ImageFormat());
    }

    @Override
    public Set<String> changeableOptions() {
        return CHANGEABLE;
    }

    @Override
    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
        return open(options, context, header -> {});
    }

    /** The image is read anew. A backing file is not found in the header again: it must be given, or null. */
    @Override
    public Mono<BlockDevice> reopen(BlockDevice present, OptionReader options, OpenContext context) {
        boolean given = options.has(BACKING.name());
        boolean hasBacking = ((Qcow2Device) present).hasBacking();
        return open(options, context, header -> {
            if (!given && (hasBacking || header.backingFile() != null)) {
                throw BlockException.of(BlockErrorKind.INVALID, "backing is missing for '" + context.nodeName() + "'");
            }
        });
    }

    private static Mono<BlockDevice> open(
            OptionReader options, OpenContext context, Consumer<Qcow2Header> requirement) {
        return Mono.defer(() -> {
            CacheSizes sizes = sizes(options);
            DiscardOptions discards = new DiscardOptions(
                    options.get(PASS_DISCARD_REQUEST).orElse(context.discardUnmap()), options.get(DISCARD_NO_UNREF));
            Optional<NodeOptions> dataFile = options.get(DATA_FILE);
            Optional<NodeOptions> backing = options.get(BACKING);
            return context.openChild(options.get(FILE))
                    .flatMap(file -> ImageOpener.header(file).flatMap(header -> {
                        requirement.accept(header);
                        requireWritable(header, context);
                        return dataFile(header, dataFile, context)
                                .flatMap(data -> backing(header, backing, context)
                                        .flatMap(below -> {
                                            var opener = new ImageOpener(
                                                    file, data.orElse(null), below.orElse(null), sizes, context);
                                            return opener.load(false)
                                                    .<BlockDevice>map(
                                                            image -> new Qcow2Device(opener, image, discards));
                                        }));
                    }));
        });
    }

    private static void requireWritable(Qcow2Header header, OpenContext context) {
        if (!context.readOnly() && header.has(Feature.CORRUPT)) {
            throw BlockException.of(BlockErrorKind.READ_ONLY, "qcow2: Image is corrupt; cannot be opened read/write");
        }
    }

    private static Mono<Optional<BlockNode>> dataFile(
            Qcow2Header header, Optional<NodeOptions> option, OpenContext context) {
        if (!header.hasDataFile()) {
            if (option.isPresent()) {
                throw BlockException.of(
                        BlockErrorKind.INVALID, "'data-file' can only be set for images with an external data file");
            }
            return Mono.just(Optional.empty());
        }
        if (option.isEmpty() && header.dataFile() == null) {
            throw BlockException.of(BlockErrorKind.INVALID, "'data-file' is required for this image");
        }
        return option.map(context::openChild)
                .orElseGet(() -> implicit(context, DATA_FILE, header.dataFile(), "raw", context.readOnly()))
                .map(Optional::of);
    }

    private static Mono<Optional<BlockNode>> backing(
            Qcow2Header header, Optional<NodeOptions> option, OpenContext context) {
        if (option.isPresent()) {
            return option.get().isNull()
                    ? Mono.just(Optional.empty())
                    : context.openChild(option.get()).map(Optional::of);
        }
        String name = header.backingFile();
        if (name == null) {
            return Mono.just(Optional.empty());
        }
        if (header.backingFormat() == null) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "The image names the backing file '" + name + "' without its format; describe it with 'backing'");
        }
        return implicit(context, BACKING, name, header.backingFormat(), true).map(Optional::of);
    }

    private static Mono<BlockNode> implicit(
            OpenContext context, Option<?> option, @Nullable String name, @Nullable String format, boolean readOnly) {
        return context.openImplicit(option.name(), String.valueOf(name), String.valueOf(format), readOnly);
    }

    private static CacheSizes sizes(OptionReader options) {
        long entry = options.get(L2_CACHE_ENTRY_SIZE).orElse(0);
        if (entry != 0 && (entry < 512 || entry > 2 << 20 || Long.bitCount(entry) != 1)) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "L2 cache entry size must be a power of two between 512 and the cluster size");
        }
        return new CacheSizes(
                options.get(CACHE_SIZE).orElse(0),
                options.get(L2_CACHE_SIZE).orElse(0),
                (int) entry,
                options.get(REFCOUNT_CACHE_SIZE).orElse(0));
    }
}
