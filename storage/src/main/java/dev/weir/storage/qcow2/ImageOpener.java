package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockIo;
import dev.weir.storage.BlockNode;
import dev.weir.storage.spi.BouncePool;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Reads the metadata that is always in memory; as often as others may have changed it. */
final class ImageOpener {
    private static final int START = 4096;

    private final String nodeName;
    private final BlockNode file;
    private final @Nullable BlockNode dataFile;
    private final @Nullable BlockNode backing;
    private final CacheSizes sizes;
    private final Executor executor;
    private final BouncePool pool = new BouncePool();

    ImageOpener(
            String nodeName,
            BlockNode file,
            @Nullable BlockNode dataFile,
            @Nullable BlockNode backing,
            CacheSizes sizes,
            Executor executor) {
        this.nodeName = nodeName;
        this.file = file;
        this.dataFile = dataFile;
        this.backing = backing;
        this.sizes = sizes;
        this.executor = executor;
    }

    BlockNode file() {
        return file;
    }

    @Nullable
    BlockNode dataFile() {
        return dataFile;
    }

    @Nullable
    BlockNode backing() {
        return backing;
    }

    List<BlockNode> children() {
        return Stream.of(file, dataFile, backing)
                .flatMap(Stream::ofNullable)
                .distinct()
                .toList();
    }

    /** Reads the header alone. */
    static Mono<Qcow2Header> header(BlockIo file) {
        return read(file, 0, START).flatMap(start -> {
            int needed = HeaderParser.bytesNeeded(start);
            return needed <= START
                    ? Mono.just(HeaderParser.parse(start))
                    : read(file, 0, needed).map(HeaderParser::parse);
        });
    }

    /** Reads that much, or up to the end of the file. */
    private static Mono<ByteBuffer> read(BlockIo file, long offset, long bytes) {
        return Mono.defer(() -> {
            int length = (int) Math.max(0, Math.min(bytes, file.length() - offset));
            ByteBuffer buffer = ByteBuffer.allocateDirect(length);
            return length == 0 ? Mono.just(buffer) : file.read(offset, buffer).then(Mono.fromSupplier(buffer::clear));
        });
    }

    /**
     * Reads the image.
     *
     * @param write whether it is going to be written to: it is made ready for that
     */
    Mono<Qcow2Image> load(boolean write) {
        return header(file).flatMap(header -> {
            requireWritable(header, write);
            HostFile host = new HostFile(file);
            return table(host, header.l1Offset(), header.l1Entries())
                    .zipWith(table(
                            host,
                            header.refcountTableOffset(),
                            (long) header.refcountTableClusters()
                                    << header.geometry().clusterBits() - 3))
                    .map(both -> {
                        Metadata metadata = new Metadata(nodeName, host, header, both.getT1(), both.getT2(), sizes);
                        HostFile data = dataFile == null ? host : new HostFile(dataFile);
                        return new Qcow2Image(metadata, data, backing, write, pool, executor);
                    })
                    .flatMap(image -> write ? makeReady(image) : Mono.just(image));
        });
    }

    /**
     * What was not kept true since another program wrote it is not claimed to be. An image that was not closed properly is
     * repaired first.
     */
    private Mono<Qcow2Image> makeReady(Qcow2Image image) {
        Qcow2Header header = image.metadata().header();
        long kept = header.autoclear() & (header.hasDataFile() ? Feature.RAW_DATA_FILE : 0);
        return header.version() < 3 || kept == header.autoclear()
                ? Mono.just(image)
                : image.metadata()
                        .updateHeader(now -> now.withFeatures(now.incompatible(), now.compatible(), kept))
                        .thenReturn(image);
    }

    private static void requireWritable(Qcow2Header header, boolean write) {
        if (write && header.has(Feature.CORRUPT)) {
            throw BlockException.of(BlockErrorKind.READ_ONLY, "qcow2: Image is corrupt; cannot be opened read/write");
        }
    }

    private static Mono<long[]> table(HostFile file, long offset, long entries) {
        return Mono.defer(() -> {
            if (entries > 0 && offset >= file.length()) {
                throw HeaderParser.invalid("A table lies beyond the end of the file, at " + offset);
            }
            long[] table = new long[Math.toIntExact(entries)];
            ByteBuffer bytes = ByteBuffer.allocateDirect(table.length * 8);
            return entries == 0
                    ? Mono.just(table)
                    : file.read(offset, bytes).then(Mono.fromSupplier(() -> {
                        bytes.clear().asLongBuffer().get(table);
                        return table;
                    }));
        });
    }
}
