package dev.weir.storage.qcow2;

import dev.weir.storage.BlockIo;
import dev.weir.storage.image.ImageCheck;
import dev.weir.storage.image.ImageCreation;
import dev.weir.storage.image.ImageFormat;
import dev.weir.storage.image.ImageInfo;
import dev.weir.storage.image.ImageRepair;
import dev.weir.storage.image.ImageSnapshot;
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
        return unsupported("check");
    }

    @Override
    public Mono<List<ImageSnapshot>> snapshots(BlockIo file) {
        return unsupported("snapshots");
    }

    @Override
    public Mono<ImageSnapshot> createSnapshot(BlockIo file, String name) {
        return unsupported("createSnapshot");
    }

    @Override
    public Mono<Void> applySnapshot(BlockIo file, String idOrName) {
        return unsupported("applySnapshot");
    }

    @Override
    public Mono<Void> deleteSnapshot(BlockIo file, String idOrName) {
        return unsupported("deleteSnapshot");
    }

    private static <T> Mono<T> unsupported(String operation) {
        return Mono.error(HeaderParser.unsupported(operation + " is not supported for qcow2 images"));
    }
}
