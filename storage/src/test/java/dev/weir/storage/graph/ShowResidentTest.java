package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.kenai.jffi.MemoryIO;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.throttle.ThrottleLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a device shows reaches the user of a node as a read would: at its place, counted, and not during a drain. */
class ShowResidentTest {
    private static final int LENGTH = 1 << 20;
    private static final int PART = 128 << 10;

    private final BlockGraph graph = BlockGraph.builder().build();
    private final byte[] data = new byte[LENGTH];

    @TempDir
    Path disk;

    private Path image;

    @BeforeEach
    void write() throws IOException {
        new Random(6).nextBytes(data);
        image = Files.write(disk.resolve("image.raw"), data);
        assumeTrue(Files.getFileStore(image).type().matches("ext4|xfs|btrfs"), "not a file system with a disk below");
    }

    @AfterEach
    void close() {
        graph.close().block(Duration.ofSeconds(30));
    }

    private BlockBackend attach(String options) {
        return graph.add(NodeOptions.parse(options))
                .flatMap(node -> graph.attach(node, Permissions.READ))
                .block();
    }

    private static byte @Nullable [] shown(BlockBackend backend, long offset) {
        var found = new byte[PART];
        return backend.showResident(
                        offset, PART, (address, bytes) -> MemoryIO.getInstance().getByteArray(address, found, 0, bytes))
                ? found
                : null;
    }

    @Test
    void aWindowShowsWhatIsBehindItsOffset() {
        BlockBackend backend =
                attach("raw,node-name=w,offset=5000,size=500000,file.driver=file,file.filename=" + image);
        assertThat(shown(backend, 100)).isEqualTo(Arrays.copyOfRange(data, 5100, 5100 + PART));
        assertThat(shown(backend, 500_000 - PART + 1)).isNull();
    }

    @Test
    void itCountsAsARead() {
        BlockBackend backend = attach("raw,node-name=r,file.driver=file,file.filename=" + image);
        assertThat(shown(backend, 0)).isEqualTo(Arrays.copyOf(data, PART));
        NodeStatistics statistics = ((GraphNode) backend.node()).counters().snapshot();
        assertThat(statistics.reads()).isEqualTo(1);
        assertThat(statistics.bytesRead()).isEqualTo(PART);
    }

    @Test
    void dataThatCouldNotBeHadAfterAllIsAReadThatFailed() {
        BlockBackend backend = attach("raw,node-name=r,file.driver=file,file.filename=" + image);
        List<String> told = new ArrayList<>();
        backend.onError((operation, failure) -> told.add(operation + " " + failure.kind()));
        boolean answered = backend.showResident(0, PART, (address, bytes) -> {
            throw new UncheckedIOException(new IOException("gone"));
        });
        assertThat(answered).isTrue();
        assertThat(told).containsExactly("read IO");
        assertThat(((GraphNode) backend.node()).counters().snapshot().failedReads())
                .isEqualTo(1);
        assertThat(backend.inFlight()).isZero();
    }

    @Test
    void nothingIsShownDuringADrain() {
        BlockBackend backend = attach("raw,node-name=r,file.driver=file,file.filename=" + image);
        backend.drainedBegin().block(Duration.ofSeconds(30));
        assertThat(shown(backend, 0)).isNull();
        backend.drainedEnd();
        assertThat(shown(backend, 0)).isNotNull();
        assertThat(backend.inFlight()).isZero();
    }

    @Test
    void aThrottledNodeShowsNothing() {
        graph.throttleGroups().create("slow", ThrottleLimits.NONE);
        BlockBackend backend =
                attach("throttle,node-name=t,throttle-group=slow,file.driver=file,file.filename=" + image);
        assertThat(shown(backend, 0)).isNull();
    }
}
