package dev.weir.storage.spi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.Extent;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.graph.BlockGraph;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** A driver as somebody else writes it, with a future-based store behind it. */
class UserDriverTest {
    @Test
    void servesANodeFromANewDriver() {
        BlockGraph graph = BlockGraph.builder().driver(new StoreDriver()).build();
        BlockBackend backend = graph.add(NodeOptions.parse("raw,offset=10,file.driver=store,file.text=hello world"))
                .flatMap(node -> graph.attach(node, Permissions.WRITE))
                .block();
        ByteBuffer dst = ByteBuffer.allocateDirect(8);
        backend.write(0, utf8("D"), Set.of(WriteFlag.FUA)).block();
        backend.read(0, dst).block();
        dst.clear();
        assertThat(dst.get(0)).isEqualTo((byte) 'D');
        assertThat(dst.get(1)).isZero();
        assertThat(backend.blockStatus(0, 5).block()).isEqualTo(Extent.data(0, 1));
        backend.writeZeroes(0, 1, WriteFlag.NONE).block();
        backend.flush().block();
        assertThat(kindOf(backend.truncate(3, PreallocMode.OFF))).isEqualTo(BlockErrorKind.UNSUPPORTED);
        backend.read(0, dst.clear()).block();
        assertThat(dst.clear().get(0)).isZero();
        graph.close().block();
    }

    @Test
    void whateverADriverFailsWithIsABlockException() {
        BlockGraph graph = BlockGraph.builder().driver(new StoreDriver()).build();
        BlockBackend backend = graph.add(NodeOptions.parse("store,node-name=s,text=broken"))
                .flatMap(node -> graph.attach(node, Permissions.WRITE))
                .block();
        assertThat(kindOf(backend.write(0, utf8("!"), WriteFlag.NONE))).isEqualTo(BlockErrorKind.IO);
        graph.close().block();
    }

    private static BlockErrorKind kindOf(Mono<Void> operation) {
        return operation
                .then(Mono.<BlockErrorKind>empty())
                .onErrorResume(BlockException.class, e -> Mono.just(e.kind()))
                .block();
    }

    private static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static final class StoreDriver implements ProtocolDriver {
        private static final Option<String> TEXT = Option.requiredString("text");

        @Override
        public OptionSchema options() {
            return OptionSchema.of(TEXT);
        }

        @Override
        public String name() {
            return "store";
        }

        @Override
        public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
            byte[] data = options.get(TEXT).getBytes(StandardCharsets.UTF_8);
            return Mono.just(new StoreDevice(data, context.blockingExecutor()));
        }
    }

    private static final class StoreDevice extends ProtocolDevice {
        private final byte[] data;
        private final Executor executor;

        StoreDevice(byte[] data, Executor executor) {
            this.data = data;
            this.executor = executor;
        }

        @Override
        public long length() {
            return data.length;
        }

        @Override
        public Mono<Void> read(long offset, ByteBuffer dst) {
            return later(() -> dst.put(data, (int) offset, dst.remaining()));
        }

        @Override
        public Mono<Void> write(long offset, ByteBuffer src, Set<WriteFlag> flags) {
            return later(() -> {
                if (src.get(src.position()) == '!') {
                    throw new IllegalStateException("the store is broken");
                }
                src.get(data, (int) offset, src.remaining());
            });
        }

        @Override
        public Mono<Void> flush() {
            return later(() -> {});
        }

        private Mono<Void> later(Runnable work) {
            return Mono.defer(() -> Mono.fromFuture(CompletableFuture.runAsync(work, executor)));
        }
    }
}
