package dev.weir.storage.raw;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.FormatDriver;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.util.OptionalLong;
import java.util.Set;
import reactor.core.publisher.Mono;

/**
 * {@code raw}: the bytes of its child. Options: {@code file} (the child), {@code offset} and {@code size} in bytes for a
 * window of it (0, and up to the end), {@code probed} (off).
 *
 * <p>{@code probed=on} says that nobody named the format of the image: writes of another format's magic number then fail
 * with {@link BlockErrorKind#ACCESS_DENIED}, because the next one to probe the image would take it for that format and
 * open whatever files its contents name.
 */
public final class RawDriver implements FormatDriver {
    private static final Option<NodeOptions> FILE = Option.requiredChild("file");
    private static final Option<OptionalLong> OFFSET = Option.bytes("offset");
    private static final Option<OptionalLong> SIZE = Option.bytes("size");
    private static final Option<Boolean> PROBED = Option.flag("probed", false);

    @Override
    public OptionSchema options() {
        return OptionSchema.of(FILE, OFFSET, SIZE, PROBED);
    }

    @Override
    public String name() {
        return "raw";
    }

    @Override
    public Set<String> changeableOptions() {
        return Set.of(OFFSET.name(), SIZE.name());
    }

    @Override
    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
        return Mono.defer(() -> {
            OptionalLong offset = options.get(OFFSET);
            OptionalLong size = options.get(SIZE);
            boolean probed = options.get(PROBED);
            if (probed && (offset.isPresent() || size.isPresent())) {
                throw BlockException.of(BlockErrorKind.INVALID, "A probed raw image has no 'offset' and no 'size'");
            }
            return context.openChild(options.get(FILE))
                    .map(file -> probed
                            ? new ProbedRawDevice(file)
                            : device(file, offset.orElse(0), size.orElse(RawDevice.UP_TO_THE_END)));
        });
    }

    private static BlockDevice device(BlockNode file, long offset, long size) {
        long length = file.length();
        if (offset > length) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "Offset (" + offset + ") cannot be greater than size of the containing file (" + length + ")");
        }
        if (size != RawDevice.UP_TO_THE_END && size > length - offset) {
            throw BlockException.of(
                    BlockErrorKind.INVALID,
                    "The sum of offset (" + offset + ") and size (" + size
                            + ") has to be smaller or equal to the actual size of the containing file (" + length
                            + ")");
        }
        return new RawDevice(file, offset, size);
    }
}
