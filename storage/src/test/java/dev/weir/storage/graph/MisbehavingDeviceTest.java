package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockException;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;

/** What a device does against the rules of reactive streams holds up no other request. */
class MisbehavingDeviceTest {
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final class Device extends ProtocolDevice {
        Consumer<CoreSubscriber<? super Void>> behaviour = CoreSubscriber::onComplete;

        @Override
        public long length() {
            return 4096;
        }

        @Override
        public Mono<Void> read(long offset, ByteBuffer dst) {
            return misbehaving();
        }

        @Override
        public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
            return misbehaving();
        }

        @Override
        public Mono<Void> flush() {
            return misbehaving();
        }

        @Override
        public Mono<Void> truncate(long length, PreallocMode prealloc) {
            return misbehaving();
        }

        private Mono<Void> misbehaving() {
            return new Mono<>() {
                @Override
                public void subscribe(CoreSubscriber<? super Void> actual) {
                    actual.onSubscribe(Operators.emptySubscription());
                    behaviour.accept(actual);
                }
            };
        }
    }

    private final Device device = new Device();
    private final BlockGraph graph = BlockGraph.builder().build();
    private final BlockBackend backend =
            graph.attach(graph.add("d", device).block(), Permissions.WRITE).block();

    private void misbehave(Consumer<CoreSubscriber<? super Void>> behaviour) {
        device.behaviour = behaviour;
        assertThatThrownBy(() -> backend.truncate(1, PreallocMode.OFF).block(PATIENCE))
                .isInstanceOf(BlockException.class);
        assertThatThrownBy(() -> backend.flush().block(PATIENCE)).isInstanceOf(BlockException.class);
        device.behaviour = CoreSubscriber::onComplete;
    }

    private void requireWorks() {
        backend.truncate(1, PreallocMode.OFF).block(PATIENCE);
        backend.read(0, ByteBuffer.allocateDirect(512)).block(PATIENCE);
        assertThat(backend.inFlight()).isZero();
        graph.close().block(PATIENCE);
    }

    @Test
    void throwingAnErrorFromSubscribe() {
        misbehave(actual -> {
            throw new OutOfMemoryError("made up");
        });
        requireWorks();
    }

    @Test
    void throwingAnExceptionFromSubscribe() {
        misbehave(actual -> {
            throw new IllegalStateException("made up");
        });
        requireWorks();
    }

    @Test
    void failingTwice() {
        misbehave(actual -> {
            actual.onError(new IllegalStateException("once"));
            actual.onError(new IllegalStateException("twice"));
        });
        requireWorks();
    }

    @Test
    void completingTwice() {
        device.behaviour = actual -> {
            actual.onComplete();
            actual.onComplete();
        };
        backend.truncate(1, PreallocMode.OFF).block(PATIENCE);
        backend.flush().block(PATIENCE);
        backend.read(0, ByteBuffer.allocateDirect(512)).block(PATIENCE);
        requireWorks();
    }

    /** A {@code Mono<Void>} that was cast from another type. */
    @Test
    @SuppressWarnings("unchecked")
    void emittingAValue() {
        device.behaviour = actual -> {
            ((CoreSubscriber<Object>) actual).onNext("a value");
            actual.onComplete();
        };
        backend.truncate(1, PreallocMode.OFF).block(PATIENCE);
        backend.flush().block(PATIENCE);
        requireWorks();
    }

    @Test
    void completingAfterAFailure() {
        misbehave(actual -> {
            actual.onError(new IllegalStateException("made up"));
            actual.onComplete();
        });
        requireWorks();
    }
}
