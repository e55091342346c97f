package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weir.posix.PosixScheduling;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NeighbourSpinTest {
    private static final int HERE = 0;
    private static final int NEIGHBOUR = 1;
    private static final long LONG_NANOS = Duration.ofSeconds(20).toNanos();

    private final NeighbourSpin spin = new NeighbourSpin();

    @BeforeEach
    void thereIsANeighbour() {
        boolean[] ran = new boolean[1];
        PosixScheduling.stayOn(NEIGHBOUR, () -> ran[0] = true);
        assumeThat(ran[0]).isTrue();
    }

    @AfterEach
    void end() {
        spin.spin(System.nanoTime(), HERE);
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + LONG_NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("in time").isLessThan(end);
            Thread.sleep(1);
        }
    }

    @Test
    void itSpinsOnTheOtherProcessorUntilThen() throws InterruptedException {
        spin.spin(System.nanoTime() + LONG_NANOS, HERE);
        await(() -> spin.isBusy(NEIGHBOUR));
        assertThat(spin.isBusy(HERE)).isFalse();

        spin.spin(System.nanoTime(), HERE);
        await(() -> !spin.isBusy(NEIGHBOUR));
    }

    /** Waking it up may take longer than it was asked to spin for. */
    @Test
    void itSpinsAgainAfterAWishThatWasOverBeforeItWokeUp() throws InterruptedException {
        spin.spin(System.nanoTime() + LONG_NANOS, HERE);
        await(() -> spin.isBusy(NEIGHBOUR));
        spin.spin(System.nanoTime(), HERE);
        await(() -> !spin.isBusy(NEIGHBOUR));
        // It waits by now for more.
        Thread.sleep(20);
        spin.spin(System.nanoTime(), HERE);
        Thread.sleep(2 * NeighbourSpin.LINGER_NANOS / 1_000_000);

        spin.spin(System.nanoTime() + LONG_NANOS, HERE);
        await(() -> spin.isBusy(NEIGHBOUR));
    }
}
