package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.ProtocolDevice;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** A device that throws where it should return a failed {@code Mono} is treated as if it had. */
class ThrowingDeviceTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private static final class Device extends ProtocolDevice {
        private RuntimeException flushFailure;
        private int written;

        @Override
        public long length() {
            return 4096;
        }

        @Override
        public Mono<Void> read(long offset, ByteBuffer dst) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
            written += src.remaining();
            return Mono.empty();
        }

        @Override
        public Mono<Void> writeZeroes(long offset, long length, Set<WriteFlag> flags) {
            throw BlockException.of(BlockErrorKind.UNSUPPORTED, "no zeroes");
        }

        @Override
        public Mono<Void> discard(long offset, long length) {
            throw BlockException.of(BlockErrorKind.UNSUPPORTED, "no discard");
        }

        @Override
        public Mono<Void> flush() {
            if (flushFailure != null) {
                throw flushFailure;
            }
            return Mono.empty();
        }
    }

    private final Device device = new Device();
    private final BlockGraph graph = BlockGraph.builder().build();
    private final BlockBackend backend = graph.attach(
                    graph.add(NodeOptions.parse("driver=custom,discard=unmap"), device)
                            .block(),
                    Permissions.WRITE)
            .block();

    @AfterEach
    void close() {
        graph.close().block(LIMIT);
    }

    @Test
    void aFlushThatThrewFailsForEver() {
        device.flushFailure = new IllegalStateException("made up");
        assertThatThrownBy(() -> backend.flush().block(LIMIT)).hasMessageContaining("made up");
        device.flushFailure = null;

        assertThatThrownBy(() -> backend.flush().block(LIMIT)).hasMessageContaining("made up");
    }

    @Test
    void zeroesThatAreUnsupportedAreWritten() {
        backend.writeZeroes(0, 4096, WriteFlag.NONE).block(LIMIT);

        assertThat(device.written).isEqualTo(4096);
    }

    @Test
    void aDiscardThatIsUnsupportedIsIgnored() {
        backend.discard(0, 4096).block(LIMIT);

        assertThat(backend.inFlight()).isZero();
    }
}
