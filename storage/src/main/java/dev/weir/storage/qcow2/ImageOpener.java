package dev.weir.storage.qcow2;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockIo;
import dev.weir.storage.BlockNode;
import dev.weir.storage.image.ImageRepair;
import dev.weir.storage.spi.BouncePool;
import dev.weir.storage.spi.OpenContext;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Reads the metadata that is always in memory; as often as others may have changed it. */
final class ImageOpener {
    private static final Logger log = LoggerFactory.getLogger(ImageOpener.class);
    private static final int START = 4096;

    private final String nodeName;
    private final BlockNode file;
    private final @Nullable BlockNode dataFile;
    private final @Nullable BlockNode backing;
    private final CacheSizes sizes;
    private final Executor executor;
    private final BouncePool pool = new BouncePool();

    ImageOpener(
            BlockNode file,
            @Nullable BlockNode dataFile,
            @Nullable BlockNode backing,
            CacheSizes sizes,
            OpenContext context) {
        this.nodeName = context.nodeName();
        this.file = file;
        this.dataFile = dataFile;
        this.backing = backing;
        this.sizes = sizes;
        this.executor = context.blockingExecutor();
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
        return (write ? soundHeader() : header(file)).flatMap(header -> {
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
                        return new Qcow2Image(metadata, data, backing, pool, executor);
                    })
                    .flatMap(image -> write ? prepare(image) : Mono.just(image))
                    // There is no image yet that could be marked.
                    .onErrorMap(
                            Corruption.class,
                            corruption -> HeaderParser.invalid(String.valueOf(corruption.getMessage())));
        });
    }

    /** Makes an image ready to be written to that is being read, and that nobody else has changed since it was loaded. */
    Mono<Void> makeWritable(Qcow2Image image) {
        return Mono.defer(() -> {
            if (image.writable()) {
                return Mono.empty();
            }
            Qcow2Header header = image.metadata().header();
            if (header.has(Feature.CORRUPT | Feature.DIRTY)) {
                throw BlockException.of(
                        BlockErrorKind.READ_ONLY,
                        "qcow2: Image is corrupt or was not closed properly; it cannot be repaired while it is read");
            }
            return prepare(image)
                    .onErrorMap(
                            Corruption.class,
                            corruption -> HeaderParser.invalid(String.valueOf(corruption.getMessage())))
                    .then();
        });
    }

    private Mono<Qcow2Image> prepare(Qcow2Image image) {
        return protectSnapshots(image).flatMap(this::makeReady).doOnNext(Qcow2Image::madeWritable);
    }

    /** What is not kept true from now on is not claimed to be. */
    private Mono<Qcow2Image> makeReady(Qcow2Image image) {
        Qcow2Header header = image.metadata().header();
        long kept = header.autoclear() & (header.hasDataFile() ? Feature.RAW_DATA_FILE : 0);
        return header.version() < 3 || kept == header.autoclear()
                ? Mono.just(image)
                : image.metadata()
                        .updateHeader(now -> now.withFeatures(now.incompatible(), now.compatible(), kept))
                        .thenReturn(image);
    }

    /** The header of an image that may be written to; one that was not closed properly is repaired first. */
    private Mono<Qcow2Header> soundHeader() {
        return header(file).flatMap(header -> {
            if (header.has(Feature.CORRUPT)) {
                throw BlockException.of(
                        BlockErrorKind.READ_ONLY, "qcow2: Image is corrupt; cannot be opened read/write");
            }
            if (!header.has(Feature.DIRTY)) {
                return Mono.just(header);
            }
            log.warn("Image of node {} was not closed properly; repairing it", nodeName);
            return Qcow2Check.check(file, header, ImageRepair.ALL, part -> {})
                    .flatMap(check -> check.corruptions() + check.checkErrors() == 0
                            ? header(file)
                            : Mono.error(BlockException.of(
                                    BlockErrorKind.READ_ONLY,
                                    "qcow2: Image was not closed properly, and cannot be repaired")));
        });
    }

    /** Where snapshots have their tables no guest data may go. */
    private Mono<Qcow2Image> protectSnapshots(Qcow2Image image) {
        Qcow2Header header = image.metadata().header();
        return SnapshotTable.read(file, header).map(table -> {
            image.metadata().protectTables();
            ClusterSet metadata = image.metadata().clusters();
            metadata.addRange(header.snapshotsOffset(), table.bytes(), header.geometry());
            for (Snapshot snapshot : table.snapshots()) {
                snapshot.requireSound(header.geometry());
                metadata.addRange(snapshot.l1Offset(), snapshot.l1Entries() * 8L, header.geometry());
            }
            return image;
        });
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
