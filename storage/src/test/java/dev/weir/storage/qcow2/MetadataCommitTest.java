package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.image.ImageCreation;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

class MetadataCommitTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private final BlockGraph graph = BlockGraph.builder().build();

    /** Of the file; they end when the test says so. */
    private final List<MonoSink<Void>> flushes = new ArrayList<>();

    private final List<MonoSink<Void>> writes = new ArrayList<>();

    private final HostFile file = new HostFile(file());

    private final Metadata metadata = metadata();

    private final List<Throwable> failures = new ArrayList<>();

    @AfterEach
    void close() {
        graph.close().block(DEADLINE);
    }

    @Test
    void aCommitAskedForByWhoHeardOfTheEndOfOneWaitsForTheNext() {
        MetadataCommit commit = commit();
        commit.run().subscribe(nothing -> {}, failures::add, () -> ask(commit));
        ask(commit);
        assertThat(flushes).hasSize(1);

        flushes.get(0).success();

        assertThat(flushes).as("one more runs, for both").hasSize(2);
        flushes.get(1).success();
        assertThat(flushes).hasSize(2);
        assertThat(failures).isEmpty();
    }

    /** The next commit may write the same table, and must not be overtaken. */
    @Test
    void aCommitThatFailedEndsWhenNothingOfItIsBeingWrittenAnyMore() {
        MetadataCommit commit = commit();
        synchronized (metadata.lock()) {
            metadata.tables().move(0, 5 << 16);
        }
        ask(commit);
        flushes.get(0).success();
        assertThat(writes).hasSizeGreaterThan(1);

        writes.get(0).error(BlockException.of(BlockErrorKind.NO_SPACE, "no space"));

        assertThat(failures).isEmpty();
        for (int i = 1; i < writes.size(); i++) {
            assertThat(failures).isEmpty();
            writes.get(i).error(BlockException.of(BlockErrorKind.NO_SPACE, "no space"));
        }
        assertThat(failures)
                .singleElement()
                .isInstanceOfSatisfying(
                        BlockException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(BlockErrorKind.NO_SPACE));
    }

    private void ask(MetadataCommit commit) {
        commit.run().subscribe(nothing -> {}, failures::add);
    }

    private MetadataCommit commit() {
        return new MetadataCommit(metadata, file);
    }

    private Metadata metadata() {
        CreateOptions options =
                CreateOptions.of(new ImageCreation(1 << 20, null, null, null, PreallocMode.OFF, Map.of()));
        Qcow2Header header = HeaderParser.parse(NewHeader.of(options, NewLayout.of(options)));
        return new Metadata("node", file, header, new long[1], new long[8192], new CacheSizes(0, 0, 0, 0));
    }

    private BlockNode file() {
        BlockNode node = Objects.requireNonNull(
                graph.add(NodeOptions.driver("null-co").set("size", 1 << 20).build())
                        .block(DEADLINE));
        return (BlockNode) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {BlockNode.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "flush" -> Mono.<Void>create(flushes::add);
                    case "write" -> Mono.<Void>create(writes::add);
                    default -> method.invoke(node, arguments);
                });
    }
}
