package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.image.ImageCreation;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An image of 1 TiB. */
class Qcow2LargeTest {
    private static final Duration DEADLINE = Duration.ofSeconds(30);
    private static final long L2_TABLE = 512L << 20;
    private static final long USED = 8L << 30;

    @TempDir
    private Path dir;

    private final BlockGraph graph = BlockGraph.builder().build();
    private Path image;

    @BeforeEach
    void create() throws Exception {
        image = Files.createFile(dir.resolve("large.qcow2"));
        var creation = new ImageCreation(1L << 40, null, null, null, PreallocMode.OFF, Map.of());
        graph.add(NodeOptions.parse("file,node-name=new,filename=" + image))
                .flatMap(node -> graph.attach(node, Permissions.WRITE))
                .flatMap(file -> graph.imageFormat("qcow2")
                        .orElseThrow()
                        .create(file, null, creation)
                        .then(file.close()))
                .then(graph.remove("new"))
                .block(DEADLINE);
    }

    @AfterEach
    void close() {
        graph.close().block(DEADLINE);
    }

    @Test
    void readsOverEightGibibytesNeedNoMetadataOnceTheyHaveIt() {
        BlockBackend backend = open();
        for (long at = 0; at < USED; at += L2_TABLE) {
            backend.write(at, ByteBuffer.allocateDirect(512), WriteFlag.NONE).block(DEADLINE);
        }
        backend.close().block(DEADLINE);
        BlockBackend again = graph.attach(graph.node("image"), Permissions.READ).block(DEADLINE);
        for (long at = 4096; at < USED; at += 16 << 20) {
            read(again, at);
        }
        long before = graph.statistics("file").reads();
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++) {

            read(again, random.nextLong(USED >>> 16) << 16 | 4096);
        }
        assertThat(graph.statistics("file").reads() - before).isLessThan(20);
    }

    @Test
    void isOpenAtOnce() {
        open().close().block(DEADLINE);
        graph.remove("image").block(DEADLINE);
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            long start = System.nanoTime();
            BlockBackend backend = open();
            best = Math.min(best, System.nanoTime() - start);
            backend.close().block(DEADLINE);
            graph.remove("image").block(DEADLINE);
        }
        assertThat(Duration.ofNanos(best)).isLessThan(Duration.ofMillis(50));
    }

    private BlockBackend open() {
        return graph.add(NodeOptions.parse(
                        "qcow2,node-name=image,file.driver=file,file.node-name=file,file.filename=" + image))
                .flatMap(node -> graph.attach(node, Permissions.WRITE))
                .block(DEADLINE);
    }

    private static void read(BlockBackend backend, long at) {
        backend.read(at, ByteBuffer.allocateDirect(4096)).block(DEADLINE);
    }
}
