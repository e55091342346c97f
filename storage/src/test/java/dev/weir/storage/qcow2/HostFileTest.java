package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockLimits;
import dev.weir.storage.ScriptedDevice;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.testing.FaultyDevice;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

class HostFileTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final int STEP = 1 << 20;
    private static final int CLUSTER = 65_536;

    private final BlockGraph graph = BlockGraph.builder().build();
    private final ScriptedDevice device = new ScriptedDevice(STEP, BlockLimits.BYTES);
    private final FaultyDevice faults = new FaultyDevice();
    private final List<String> ends = new ArrayList<>();

    @AfterEach
    void close() {
        graph.close().block(DEADLINE);
    }

    @Test
    void whatHasRoomDoesNotWaitForTheNextStep() {
        HostFile file = grown(device);
        device.hold();

        start("write", file.reserve(file.length() - CLUSTER));
        start("another", file.reserve(file.length()));

        assertThat(ends).containsExactly("write", "another");
        assertThat(device.held()).as("one step, for both").isEqualTo(1);
        device.release();
        assertThat(file.length()).isEqualTo(3L * STEP);
    }

    @Test
    void aFileThatIsLongEnoughIsLeftAlone() {
        HostFile file = file(device);

        start("write", file.reserve(STEP));

        assertThat(ends).containsExactly("write");
        assertThat(file.length()).isEqualTo(STEP);
    }

    @Test
    void isAtRestOnceTheStepThatNobodyWaitsForHasEnded() {
        HostFile file = grown(device);
        device.hold();
        start("write", file.reserve(file.length()));

        start("rest", file.atRest());
        assertThat(ends).containsExactly("write");
        device.release();

        assertThat(ends).containsExactly("write", "rest");
        start("rest", file.atRest());
        assertThat(ends).hasSize(3);
    }

    @Test
    void aStepThatCannotBeHadIsNotTriedAgainBeforeItIsNeeded() {
        HostFile file = grown(faults.around(device));
        faults.fail(0, BlockErrorKind.NO_SPACE, true);

        start("write", file.reserve(file.length() - CLUSTER));
        start("another", file.reserve(file.length()));

        assertThat(ends).containsExactly("write", "another");
        assertThat(faults.failed()).isEqualTo(1);
        start("beyond", file.reserve(file.length() + CLUSTER));
        assertThat(ends).hasSize(3).last().asString().startsWith("beyond: ");
        faults.heal();
        file.reserve(file.length() + CLUSTER).block(DEADLINE);
        assertThat(file.length()).isEqualTo(3L * STEP);
    }

    private HostFile file(BlockDevice below) {
        return new HostFile(Objects.requireNonNull(graph.add("file", below).block(DEADLINE)));
    }

    /** One that had to grow once. */
    private HostFile grown(BlockDevice below) {
        HostFile file = file(below);
        file.reserve(STEP + CLUSTER).block(DEADLINE);
        assertThat(file.length()).isEqualTo(2L * STEP);
        return file;
    }

    private void start(String what, Mono<Void> operation) {
        operation.subscribe(nothing -> {}, failure -> ends.add(what + ": " + failure), () -> ends.add(what));
    }
}
