package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How many requests a queue serves when it is ready, by what it found before and how many others were ready with it. */
class WakeUpTest {
    private static final int MANY = WakeUp.MANY_QUEUES;

    private final LoopTurn turn = new LoopTurn();
    private final WakeUp queue = new WakeUp();
    private long now;

    /** The next turn of the loop serves so many queues, then this one, which has so many requests. */
    private int served(int before, int waiting) {
        return served(++now, before, waiting);
    }

    private int served(long number, int before, int waiting) {
        for (int i = 0; i < before; i++) {
            turn.serves(number);
        }
        queue.begin(turn, turn.serves(number));
        int served = 0;
        while (queue.mayGoOn() && served < waiting) {
            queue.served();
            served++;
        }
        return served;
    }

    /** Whether the queue looks for more than the one request that it has. */
    private boolean looksAgain(int before) {
        served(before, 1);
        return queue.mayGoOn();
    }

    @Test
    void amongManyQueuesOneWithOneRequestIsReadOnce() {
        served(0, 1);
        assertThat(looksAgain(MANY)).isFalse();
    }

    @Test
    void soItIsAgainAfterATurnInWhichItWasNotReady() {
        served(0, 1);
        assertThat(looksAgain(MANY)).isFalse();
        now++;
        assertThat(looksAgain(MANY)).isFalse();
    }

    @Test
    void amongFewQueuesItIsReadUntilItIsEmpty() {
        served(0, 1);
        assertThat(looksAgain(MANY - 1)).isTrue();
    }

    @Test
    void whatWasLeftInAQueueIsServedInTheNextTurn() {
        served(0, 1);
        assertThat(served(MANY, 5)).isEqualTo(1);
        assertThat(served(MANY, 4)).isEqualTo(4);
    }

    @Test
    void aQueueWithSeveralRequestsIsReadUntilItIsEmpty() {
        served(0, 3);
        assertThat(served(MANY, 5)).isEqualTo(5);
        assertThat(looksAgain(MANY)).isTrue();
    }

    @Test
    void whereTheLoopDoesNotCountItsTurnsEveryQueueIsReadUntilItIsEmpty() {
        served(LoopTurn.UNKNOWN, 0, 1);
        assertThat(served(LoopTurn.UNKNOWN, 2 * MANY, 5)).isEqualTo(5);
    }

    @Test
    void noQueueKeepsTheLoopForGood() {
        assertThat(served(0, 1000)).isEqualTo(64);
    }
}
