package dev.weir.storage.file;

import dev.weir.storage.BlockException;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import dev.weir.storage.spi.ProtocolDriver;
import java.io.IOException;
import reactor.core.publisher.Mono;

/**
 * The {@code file} driver: a regular file or a block device of the host, byte for byte. Options:
 *
 * <ul>
 *   <li>{@code filename}: the path;
 *   <li>{@code locking}: {@code auto} (default), {@code on} or {@code off}: image locks that QEMU understands;
 *   <li>{@code aio}: {@code threads} (default), reads and writes on the pool for blocking calls, or {@code io_uring}, on
 *       the kernel's queues where an event loop asks.
 * </ul>
 *
 * <p>With {@code cache.direct} the file is opened with O_DIRECT; what its length leaves over past the last aligned offset
 * goes through the page cache.
 */
public final class FileDriver implements ProtocolDriver {
    private static final Option<String> FILENAME = Option.requiredString("filename");
    private static final Option<ImageLock.Mode> LOCKING =
            Option.choice("locking", ImageLock.Mode.class, ImageLock.Mode.AUTO);
    private static final Option<Aio> AIO = Option.choice("aio", Aio.class, Aio.THREADS);

    private enum Aio {
        THREADS,
        IO_URING;

        @Override
        public String toString() {
            return this == IO_URING ? "io_uring" : "threads";
        }
    }

    /** For {@link java.util.ServiceLoader}. */
    public FileDriver() {}

    @Override
    public String name() {
        return "file";
    }

    @Override
    public OptionSchema options() {
        return OptionSchema.of(FILENAME, LOCKING, AIO);
    }

    @Override
    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
        return open(options, context, filename -> {
            context.requireForeign(filename);
            return OpenFile.open(filename, context.readOnly(), context.cacheDirect());
        });
    }

    /** The same file, even where its name is gone or another's; read-only, writable and direct as the node is now. */
    @Override
    public Mono<BlockDevice> reopen(BlockDevice present, OptionReader options, OpenContext context) {
        OpenFile file = ((FileDevice) present).file();
        return open(options, context, filename -> file.again(context.readOnly(), context.cacheDirect()));
    }

    /** Blocks. */
    private interface Opening {
        OpenFile open(String filename) throws IOException;
    }

    private static Mono<BlockDevice> open(OptionReader options, OpenContext context, Opening opening) {
        String filename;
        ImageLock.Mode locking;
        Aio aio;
        try {
            filename = options.get(FILENAME);
            locking = options.get(LOCKING);
            aio = options.get(AIO);
        } catch (BlockException e) {
            return Mono.error(e);
        }
        return new PoolCall<>(context.blockingExecutor(), context.nodeName(), "open", -1, () -> {
            if (aio == Aio.IO_URING) {
                RingEngine.requireSupport();
            }
            return device(filename, opening.open(filename), locking, aio, context);
        });
    }

    private static BlockDevice device(
            String filename, OpenFile file, ImageLock.Mode locking, Aio aio, OpenContext context) throws IOException {
        try {
            InlineTransfers inline = InlineTransfers.of(file);
            // Last of what can fail: it has a descriptor of its own.
            FileEngine engine = ChannelEngine.open(
                    file.fd(), context.readOnly(), context.cacheDirect(), context.blockingExecutor());
            if (aio == Aio.IO_URING) {
                engine = RingEngine.open(file.fd(), context.readOnly(), context.cacheDirect(), engine);
            }
            ImageLock lock = new ImageLock(filename, file.fd(), context.forceShare() ? ImageLock.Mode.OFF : locking);
            return new FileDevice(
                    context.nodeName(), file, engine, inline, context.blockingExecutor(), context.cacheNoFlush(), lock);
        } catch (IOException | RuntimeException | Error e) {
            try {
                file.close();
            } catch (IOException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }
}
