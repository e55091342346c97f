package dev.weir.storage.qcow2;

import com.github.luben.zstd.ZstdDecompressCtx;
import dev.weir.storage.spi.BouncePool;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import reactor.core.publisher.Mono;

/** Reads compressed clusters. They are decompressed on the pool for calls that block, never on a loop. */
final class CompressedReader {
    /** More than any cluster needs; a frame makes the decoder take as much memory. */
    private static final long MAX_WINDOW = 8L << 20;

    private final Geometry geometry;
    private final Compression compression;
    private final HostFile file;
    private final Executor executor;
    private final BouncePool pool;

    CompressedReader(Geometry geometry, Compression compression, HostFile file, Executor executor, BouncePool pool) {
        this.geometry = geometry;
        this.compression = compression;
        this.file = file;
        this.executor = executor;
        this.pool = pool;
    }

    /** Reads from a compressed cluster; {@code dst} does not go beyond it. */
    Mono<Void> read(long entry, long guest, ByteBuffer dst) {
        return Mono.defer(() -> {
            long offset = L2Entry.compressedOffset(entry, geometry.clusterBits());
            int length = L2Entry.compressedBytes(entry, geometry.clusterBits());
            if (offset < geometry.clusterSize() || length > 2 * geometry.clusterSize() || offset >= file.length()) {
                throw new Corruption("Compressed cluster at " + Long.toHexString(offset) + " of " + length
                        + " bytes lies outside of the file");
            }
            ByteBuffer packed = pool.take(length, 1);
            ByteBuffer cluster = pool.take(geometry.clusterSize(), 1);
            packed.clear().limit(length);
            cluster.clear().limit(geometry.clusterSize());
            return file.read(offset, packed)
                    .then(Mono.<Void>create(sink -> executor.execute(() -> {
                        try {
                            decompress(packed.clear().limit(length), cluster);
                            int from = (int) (guest & geometry.clusterMask());
                            dst.put(dst.position(), cluster, from, dst.remaining());
                            sink.success();
                        } catch (Throwable failure) {
                            sink.error(failure);
                        }
                    })))
                    .doOnTerminate(() -> {
                        pool.give(packed);
                        pool.give(cluster);
                    });
        });
    }

    /** Fills {@code cluster}; what follows in {@code packed} belongs to others. */
    private void decompress(ByteBuffer packed, ByteBuffer cluster) {
        boolean whole = compression == Compression.ZLIB ? inflate(packed, cluster) : unzstd(packed, cluster);
        if (!whole) {
            throw new Corruption("Compressed cluster does not decompress to a whole cluster");
        }
        cluster.clear();
    }

    private static boolean inflate(ByteBuffer packed, ByteBuffer cluster) {
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(packed);
            while (cluster.hasRemaining()) {
                if (inflater.inflate(cluster) == 0) {
                    return false;
                }
            }
            return true;
        } catch (DataFormatException e) {
            return false;
        } finally {
            inflater.end();
        }
    }

    private static boolean unzstd(ByteBuffer packed, ByteBuffer cluster) {
        try (ZstdDecompressCtx context = new ZstdDecompressCtx()) {
            boolean frameBegins = true;
            while (cluster.hasRemaining()) {
                if (frameBegins && ZstdFrame.windowSize(packed) > MAX_WINDOW) {
                    return false;
                }
                int read = packed.position();
                int written = cluster.position();
                frameBegins = context.decompressDirectByteBufferStream(cluster, packed);
                if (packed.position() == read && cluster.position() == written) {
                    return false;
                }
            }
            return true;
        } catch (RuntimeException e) {
            return false;
        }
    }
}
