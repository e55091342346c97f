package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weir.posix.PosixScheduling;
import java.lang.management.ManagementFactory;
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

    /** What is left of a processor that is kept busy for long goes to others, or to nobody. */
    @Test
    void itPausesOnceItHasSpunForAWhile() throws InterruptedException {
        assumeThat(NeighbourSpin.mayPause(System.getProperty("os.version"))).isTrue();
        spin.spin(System.nanoTime() + LONG_NANOS, HERE);
        await(() -> spin.isBusy(NEIGHBOUR));
        Thread.sleep(2 * NeighbourSpin.STEADY_NANOS / 1_000_000);
        long before = spunNanos();

        Thread.sleep(500);

        assertThat(spunNanos() - before).isBetween(1_000_000L, 400_000_000L);
        assertThat(spin.isBusy(NEIGHBOUR)).isTrue();
    }

    /** Of all such threads: one of another test may not have ended yet. */
    private static long spunNanos() {
        var beans = ManagementFactory.getThreadMXBean();
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("weir-spin"))
                .mapToLong(thread -> Math.max(0, beans.getThreadCpuTime(thread.getId())))
                .sum();
    }

    @Test
    void pausesNeedAKernelThatGoesByTheLoad() {
        assertThat(NeighbourSpin.mayPause("6.1.0-28-amd64")).isTrue();
        assertThat(NeighbourSpin.mayPause("5.19-rc1")).isTrue();
        assertThat(NeighbourSpin.mayPause("5.15.0")).isFalse();
        assertThat(NeighbourSpin.mayPause("unknown")).isFalse();
    }
}
