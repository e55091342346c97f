package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;

/** A request that needs no change costs a few small objects: no operator chain has crept in. */
class AllocationTest {
    private static final Path MEMORY = Path.of("/dev/shm");
    private static final int REQUESTS = 20_000;
    private static final int BYTES_PER_REQUEST = 100;

    private static void assertAllocatesLittle(String node) {
        BlockGraph graph = BlockGraph.builder().build();
        BlockBackend backend = graph.add(NodeOptions.parse(node))
                .flatMap(added -> graph.attach(added, Permissions.WRITE))
                .block();
        ByteBuffer buffer = ByteBuffer.allocateDirect(4096);
        long before = 0;
        for (int i = 0; i < 2 * REQUESTS; i++) {
            if (i == REQUESTS) {
                before = allocated();
            }
            backend.read(0, buffer.clear()).subscribe(new Ignoring());
            backend.write(4096, buffer.clear(), WriteFlag.NONE).subscribe(new Ignoring());
        }
        assertThat((allocated() - before) / (2 * REQUESTS)).isLessThan(BYTES_PER_REQUEST);
        graph.close().block();
    }

    @Test
    void aRequestThatFitsTheDeviceAllocatesLittle() {
        assertAllocatesLittle("raw,file.driver=null-co");
    }

    @Test
    void soDoesOneToAFileInMemory() throws IOException {
        assumeTrue(Files.isWritable(MEMORY), "no tmpfs on /dev/shm");
        Path image = Files.createTempFile(MEMORY, "allocation", ".raw");
        try {
            Files.write(image, new byte[8192]);
            assertAllocatesLittle("raw,file.driver=file,file.filename=" + image);
        } finally {
            Files.delete(image);
        }
    }

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    private static final class Ignoring implements CoreSubscriber<Void> {
        @Override
        public void onSubscribe(Subscription subscription) {
            subscription.request(1);
        }

        @Override
        public void onNext(Void nothing) {}

        @Override
        public void onError(Throwable failure) {
            throw new AssertionError(failure);
        }

        @Override
        public void onComplete() {}
    }
}
