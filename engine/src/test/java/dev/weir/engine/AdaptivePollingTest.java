package dev.weir.engine;

import static io.netty.channel.SelectStrategy.SELECT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AdaptivePollingTest {
    private static final int MAX = 1000;
    private static final int STEP = 100;

    private int ready;
    private long now;
    private int max = MAX;
    private final AdaptivePolling polling = new AdaptivePolling(() -> max, () -> now);

    private int next(boolean hasTasks) throws Exception {
        int strategy = polling.calculateStrategy(() -> ready, hasTasks);
        now += STEP;
        return strategy;
    }

    /** Rounds without an event until the loop sleeps. */
    private int pollsUntilSleep() throws Exception {
        int polls = 0;
        while (next(false) != SELECT) {
            polls++;
            assertTrue(polls <= MAX / STEP, "it never sleeps");
        }
        return polls;
    }

    private int event() throws Exception {
        ready = 1;
        try {
            return next(false);
        } finally {
            ready = 0;
        }
    }

    @Test
    void pollsForItsTimeThenSleeps() throws Exception {
        assertEquals(MAX / STEP, pollsUntilSleep());
    }

    @Test
    void anEventThatComesWhilePollingIsHandedOutAtOnce() throws Exception {
        assertEquals(0, next(false));
        assertEquals(1, event());
    }

    @Test
    void pollsAgainAfterEachEventThatPolledForItself() throws Exception {
        for (int i = 0; i < 1000; i++) {
            assertEquals(0, next(false), "round " + i);
            assertEquals(1, event(), "round " + i);
        }
    }

    @Test
    void tasksAreNeverKeptWaiting() throws Exception {
        assertEquals(0, next(true));
        pollsUntilSleep();
        assertEquals(0, next(true));
    }

    @Test
    void sleepsTwiceAsOftenEachTimeThatPollingWasInVain() throws Exception {
        for (int sleeps : new int[] {1, 3, 7, 15, 31, 63, 63}) {
            assertEquals(MAX / STEP, pollsUntilSleep());
            for (int i = 1; i < sleeps; i++) {
                assertEquals(0, pollsUntilSleep(), "sleep " + i + " of " + sleeps);
            }
        }
    }

    @Test
    void oneEventThatPolledForItselfForgetsWhatWasInVain() throws Exception {
        for (int i = 0; i < 1 + 3 + 7; i++) {
            pollsUntilSleep();
        }
        assertEquals(0, next(false));
        assertEquals(1, event());
        assertEquals(MAX / STEP, pollsUntilSleep());
        assertEquals(MAX / STEP, pollsUntilSleep(), "one sleep, then it polls again");
    }

    @Test
    void withoutTimeItSleepsAtOnceAndLooksAtNothing() throws Exception {
        var off = new AdaptivePolling(() -> 0, () -> now);
        for (int i = 0; i < 3; i++) {
            assertEquals(
                    SELECT,
                    off.calculateStrategy(
                            () -> {
                                throw new AssertionError("looked");
                            },
                            false));
        }
        assertEquals(1, off.calculateStrategy(() -> 1, true));
    }

    @Test
    void theTimeMayChangeWhileItRuns() throws Exception {
        assertEquals(MAX / STEP, pollsUntilSleep());
        max = 0;
        assertEquals(0, pollsUntilSleep());
        max = MAX / 2;
        assertEquals(MAX / 2 / STEP, pollsUntilSleep());
    }

    @Test
    void oneProcessorIsLeftToTheClient() {
        assertEquals(0, AdaptivePolling.defaultNanos(1));
        assertEquals(32_768, AdaptivePolling.defaultNanos(2));
    }
}
