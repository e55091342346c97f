package dev.weir.storage.qcow2;

import dev.weir.storage.BlockIo;
import dev.weir.storage.image.ImageCheck;
import dev.weir.storage.image.ImageCreation;
import dev.weir.storage.image.ImageFormat;
import dev.weir.storage.image.ImageInfo;
import dev.weir.storage.image.ImageRepair;
import dev.weir.storage.image.ImageSnapshot;
import java.time.Instant;
import java.util.List;
import java.util.function.DoubleConsumer;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** What can be done with qcow2 images besides opening them; each in a class of its own. */
final class Qcow2ImageFormat implements ImageFormat {
    @Override
    public String name() {
        return "qcow2";
    }

    @Override
    public Mono<Void> create(BlockIo file, @Nullable BlockIo dataFile, ImageCreation creation) {
        return Qcow2Create.create(file, dataFile, creation);
    }

    @Override
    public Mono<ImageInfo> info(BlockIo file) {
        return Qcow2Info.info(file, this::snapshots);
    }

    @Override
    public Mono<ImageCheck> check(BlockIo file, ImageRepair repair, DoubleConsumer progress) {
        return ImageOpener.header(file).flatMap(header -> Qcow2Check.check(file, header, repair, progress));
    }

    @Override
    public Mono<List<ImageSnapshot>> snapshots(BlockIo file) {
        return ImageOpener.header(file).flatMap(header -> Qcow2Snapshots.list(file, header));
    }

    @Override
    public Mono<ImageSnapshot> createSnapshot(BlockIo file, String name) {
        return ImageOpener.header(file).flatMap(header -> Qcow2Snapshots.create(file, header, name, Instant.now()));
    }

    @Override
    public Mono<Void> applySnapshot(BlockIo file, String idOrName) {
        return ImageOpener.header(file).flatMap(header -> Qcow2Snapshots.apply(file, header, idOrName));
    }

    @Override
    public Mono<Void> deleteSnapshot(BlockIo file, String idOrName) {
        return ImageOpener.header(file).flatMap(header -> Qcow2Snapshots.delete(file, header, idOrName));
    }
}
