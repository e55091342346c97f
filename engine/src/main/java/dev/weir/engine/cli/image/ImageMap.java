package dev.weir.engine.cli.image;

import dev.weir.storage.BlockIo;
import dev.weir.storage.Extent;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Where an image has data. */
public final class ImageMap {
    private ImageMap() {}

    /** As the image reports them, one after the other from its start to its end; neighbours may be alike. */
    static Flux<Extent> extents(BlockIo image) {
        return Flux.defer(() -> {
            long length = image.length();
            var at = new AtomicLong();
            // The status comes when it is known, whether anybody has asked for one more by then or not.
            return length == 0
                    ? Flux.<Extent>empty()
                    : Flux.defer(() -> image.blockStatus(at.get(), length - at.get())
                                    .doOnNext(extent -> at.set(extent.end()))
                                    .flux()
                                    .onBackpressureBuffer())
                            .repeat(() -> at.get() < length);
        });
    }

    /** Neighbours that are alike are one. */
    public static Flux<Extent> merged(BlockIo image) {
        return Flux.defer(() -> {
            var last = new Extent[1];
            return extents(image)
                    .concatMapIterable(extent -> {
                        Extent before = last[0];
                        if (before != null && before.data() == extent.data() && before.zero() == extent.zero()) {
                            last[0] = new Extent(
                                    before.offset(), before.length() + extent.length(), extent.data(), extent.zero());
                            return List.of();
                        }
                        last[0] = extent;
                        return before == null ? List.of() : List.of(before);
                    })
                    .concatWith(Mono.fromSupplier(() -> last[0]));
        });
    }
}
