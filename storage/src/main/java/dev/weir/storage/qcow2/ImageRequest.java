package dev.weir.storage.qcow2;

import dev.weir.storage.spi.StepRequest;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.Exceptions;
import reactor.core.publisher.Mono;

/** A request to an image. One that comes across a corruption reports it, before it fails. */
abstract class ImageRequest extends StepRequest {
    private final Qcow2Image image;
    private @Nullable Throwable corruption;
    private boolean told;

    ImageRequest(Qcow2Image image, CoreSubscriber<? super Void> actual) {
        super(actual);
        this.image = image;
    }

    /** Of several failures that ended one step. */
    static Throwable first(Throwable failure) {
        return Exceptions.unwrapMultiple(failure).get(0);
    }

    final Qcow2Image image() {
        return image;
    }

    /** As {@link #next}. */
    abstract @Nullable Mono<Void> step();

    @Override
    protected final @Nullable Mono<Void> next() {
        Throwable found = corruption;
        if (found == null) {
            return step();
        }
        told = true;
        return image.metadata().explain(found, image.writable()).flatMap(Mono::error);
    }

    @Override
    protected boolean recover(Throwable failure) {
        if (told || !(failure instanceof Corruption)) {
            return false;
        }
        corruption = failure;
        return true;
    }
}
