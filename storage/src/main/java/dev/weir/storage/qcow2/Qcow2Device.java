package dev.weir.storage.qcow2;

import dev.weir.storage.BlockLimits;
import dev.weir.storage.BlockNode;
import dev.weir.storage.Extent;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.BlockDevice;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;

/** An open image. */
final class Qcow2Device implements BlockDevice {
    private static final long SECTOR = 512;

    private final ImageOpener opener;
    private final BlockLimits limits;
    private final DiscardOptions discards;

    /** Replaced while nobody uses the node: what others may have changed is read again. */
    private volatile Qcow2Image image;

    private volatile boolean inUse;
    private volatile boolean writable;

    Qcow2Device(ImageOpener opener, Qcow2Image image, DiscardOptions discards) {
        this.discards = discards;
        this.opener = opener;
        this.image = image;
        this.limits = new BlockLimits(
                1, 1, BlockLimits.MAX_TRANSFER, 1, image.geometry().clusterSize());
    }

    @Override
    public BlockLimits limits() {
        return limits;
    }

    @Override
    public List<BlockNode> children() {
        return opener.children();
    }

    boolean hasBacking() {
        return opener.backing() != null;
    }

    @Override
    public Permissions childPermissions(BlockNode child, Permissions permissions) {
        if (permissions.used().isEmpty()) {
            return Permissions.NONE;
        }
        return permissions.writes() && child != opener.backing() ? Permissions.WRITE : Permissions.READ;
    }

    @Override
    public Mono<Void> permissionsChanged(Permissions permissions) {
        return Mono.defer(() -> {
            boolean use = !permissions.used().isEmpty();
            boolean write = permissions.writes();
            Mono<Void> change = Mono.empty();
            if (writable && !write) {
                change = image.commit().settle();
            }
            if (use && !inUse) {
                change = change.then(opener.load(write))
                        .doOnNext(fresh -> image = fresh)
                        .then();
            } else if (write && !writable) {
                // Requests of those who read it may be in flight: it stays the image that it is.
                change = change.then(opener.makeWritable(image));
            }
            return change.doOnSuccess(nothing -> {
                inUse = use;
                writable = write;
            });
        });
    }

    @Override
    public long length() {
        return image.metadata().size();
    }

    @Override
    public Mono<Void> read(long offset, ByteBuffer dst) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                Qcow2Image now = image;
                Geometry geometry = now.geometry();
                new ReadRequest(now, offset, dst, actual)
                        .start(
                                now.clusters(),
                                geometry.startOfCluster(offset),
                                geometry.roundUp(offset + dst.remaining()),
                                false);
            }
        };
    }

    @Override
    public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                new WriteRequest(image, offset, src, flags.contains(WriteFlag.FUA), actual).startLocking();
            }
        };
    }

    @Override
    public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                ZeroRequest.zero(image, offset, length, flags, discards, actual);
            }
        };
    }

    @Override
    public Mono<Void> discard(long offset, long length) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                ZeroRequest.discard(image, offset, length, discards, actual);
            }
        };
    }

    @Override
    public Mono<Void> flush() {
        return image.commit().run();
    }

    @Override
    public Mono<Void> truncate(long length, PreallocMode prealloc) {
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super Void> actual) {
                new Resize(image, length, prealloc, discards, actual).startLocking();
            }
        };
    }

    @Override
    public Mono<Void> grow(long from, long end, PreallocMode prealloc) {
        return truncate(end + SECTOR - 1 & -SECTOR, prealloc);
    }

    @Override
    public Mono<Extent> blockStatus(long offset, long length) {
        return new StatusRequest(image, offset, length).run();
    }

    @Override
    public Mono<Long> allocatedBytes() {
        Mono<Long> file = opener.file().allocatedBytes();
        BlockNode data = opener.dataFile();
        return data == null ? file : file.zipWith(data.allocatedBytes(), Long::sum);
    }

    @Override
    public Mono<Void> close() {
        return Mono.empty();
    }
}
