package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.image.ImageCreation;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

class MetadataTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final int MANY = 100_000;

    /** As where small tables are loaded from the page cache while a free cluster is looked for. */
    @Test
    void aStepMayMissManyThingsThatAreThereAtOnce() {
        CreateOptions options =
                CreateOptions.of(new ImageCreation(1 << 20, null, null, null, PreallocMode.OFF, Map.of()));
        Qcow2Header header = HeaderParser.parse(NewHeader.of(options, NewLayout.of(options)));
        BlockGraph graph = BlockGraph.builder().build();
        try {
            BlockNode file = Objects.requireNonNull(
                    graph.add(NodeOptions.driver("null-co").set("size", 1 << 20).build())
                            .block(DEADLINE));
            var metadata = new Metadata(
                    "node", new HostFile(file), header, new long[1], new long[8192], new CacheSizes(0, 0, 0, 0));
            var attempts = new AtomicInteger();

            Integer done = metadata.run(() -> {
                        if (attempts.incrementAndGet() <= MANY) {
                            throw new Missing(Mono.empty());
                        }
                        return attempts.get();
                    })
                    .block(DEADLINE);

            assertThat(done).isEqualTo(MANY + 1);
        } finally {
            graph.close().block(DEADLINE);
        }
    }
}
