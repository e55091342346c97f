package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.posix.PosixScheduling;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClientAffinityTest {
    private static final int CLIENT = 4711;
    private static final int QUEUE = 7;

    /** The first names the client, the second starts the clock. */
    private static final int ENOUGH = ClientAffinity.ALONE_IN_A_ROW + 2;

    private final FakeMachine machine = new FakeMachine();
    private final ClientAffinity affinity = new ClientAffinity(machine, null);

    private static final class FakeMachine implements ClientAffinity.Machine {
        private long now = 1;
        private long step = 20_000;
        private int here;
        private int there = 1;
        private boolean allowed = true;
        private boolean preempts = true;
        private long turn;
        private final List<Integer> moves = new ArrayList<>();

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public int processor() {
            return here;
        }

        @Override
        public int processorOf(int thread) {
            return there;
        }

        @Override
        public boolean moveTo(int processor) {
            moves.add(processor);
            if (allowed) {
                here = processor;
            }
            return allowed;
        }

        @Override
        public long switches() {
            return 0;
        }

        @Override
        public boolean batch(boolean wanted) {
            boolean changes = wanted == preempts;
            preempts = !wanted;
            return changes;
        }
    }

    private static final class FakeNeighbour implements ClientAffinity.Neighbour {
        private int here = PosixScheduling.UNKNOWN;
        private int busy = PosixScheduling.UNKNOWN;

        @Override
        public void spin(long until, int here) {
            this.here = here;
        }

        @Override
        public boolean isBusy(int processor) {
            return busy == processor;
        }
    }

    private void alone(int times) {
        for (int i = 0; i < times; i++) {
            machine.now += machine.step;
            affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        }
    }

    @Test
    void theLoopMovesToAClientThatWaitsForEachAnswer() {
        alone(ENOUGH);
        assertThat(machine.moves).containsExactly(1);
    }

    @Test
    void aFewRequestsMoveNothing() {
        alone(ENOUGH - 1);
        assertThat(machine.moves).isEmpty();
    }

    @Test
    void nothingMovesForAClientThatAsksSeldom() {
        machine.step = 2 * ClientAffinity.SELDOM_NANOS;
        alone(10 * ENOUGH);
        assertThat(machine.moves).isEmpty();
    }

    @Test
    void nothingMovesForRequestsThatComeTogether() {
        for (int i = 0; i < 10 * ENOUGH; i++) {
            machine.now += machine.step;
            affinity.served(machine.turn++, QUEUE, 2, false, false, true, CLIENT);
        }
        assertThat(machine.moves).isEmpty();
    }

    /** On one processor with the loop its requests come one by one, because it is made to wait after each. */
    @Test
    void nothingMovesSoonAfterSomebodyHadSeveralRequestsAtOnce() {
        affinity.served(machine.turn++, QUEUE, 3, true, false, true, CLIENT);
        long end = machine.now + ClientAffinity.SEVERAL_NANOS;
        while (machine.now + machine.step < end) {
            alone(1);
        }
        assertThat(machine.moves).isEmpty();

        alone(ENOUGH);
        assertThat(machine.moves).containsExactly(1);
    }

    @Test
    void aClientWithSeveralRequestsAtOnceKeepsItsProcessorWhileItHasThem() {
        affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        assertThat(machine.preempts).isTrue();
        affinity.served(machine.turn++, QUEUE, 3, true, false, true, CLIENT);
        assertThat(machine.preempts).isFalse();

        machine.now += ClientAffinity.SEVERAL_NANOS / 2;
        affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        assertThat(machine.preempts).isFalse();
        affinity.served(machine.turn++, QUEUE, 3, true, false, true, CLIENT);
        machine.now += ClientAffinity.SEVERAL_NANOS - 1;
        affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        assertThat(machine.preempts).isFalse();

        machine.now++;
        affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        assertThat(machine.preempts).isTrue();
    }

    @Test
    void aClientOfSeveralExportsKeepsItsProcessorWhileItHasRequestsAtBothAtOnce() {
        affinity.served(1, QUEUE, 1, false, false, true, CLIENT);
        affinity.served(2, QUEUE + 1, 1, false, false, true, CLIENT);
        assertThat(machine.preempts).isTrue();
        affinity.served(2, QUEUE, 1, false, false, true, CLIENT);
        assertThat(machine.preempts).isFalse();
    }

    @Test
    void turnsThatAreNotCountedTellNothing() {
        affinity.served(LoopTurn.UNKNOWN, QUEUE, 1, false, false, true, CLIENT);
        affinity.served(LoopTurn.UNKNOWN, QUEUE + 1, 1, false, false, true, CLIENT);
        assertThat(machine.preempts).isTrue();
    }

    @Test
    void aLoopThatNeverTookProcessorsDoesNotBeginTo() {
        machine.preempts = false;
        affinity.served(machine.turn++, QUEUE, 3, true, false, true, CLIENT);
        machine.now += ClientAffinity.SEVERAL_NANOS;
        affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        assertThat(machine.preempts).isFalse();
    }

    @Test
    void aLoopTakesProcessorsForLargeRequests() {
        affinity.served(machine.turn++, QUEUE, 3, true, true, true, CLIENT);
        assertThat(machine.preempts).isTrue();
        // The other loop was faster.
        affinity.served(machine.turn++, QUEUE, 0, true, false, true, CLIENT);
        assertThat(machine.preempts).isTrue();
    }

    @Test
    void largeRequestsAfterSmallOnesEndTheWaitingForATurn() {
        affinity.served(machine.turn++, QUEUE, 3, true, false, true, CLIENT);
        assertThat(machine.preempts).isFalse();
        machine.now += ClientAffinity.SEVERAL_NANOS;
        affinity.served(machine.turn++, QUEUE, 3, true, true, true, CLIENT);
        assertThat(machine.preempts).isTrue();
    }

    @Test
    void nothingMovesWhileOtherLoopsMayHaveTheRest() {
        for (int i = 0; i < 10 * ENOUGH; i++) {
            machine.now += machine.step;
            affinity.served(machine.turn++, QUEUE, 1, true, false, true, CLIENT);
        }
        assertThat(machine.moves).isEmpty();
    }

    @Test
    void nothingMovesWhereAnswersComeFromElsewhere() {
        for (int i = 0; i < 10 * ENOUGH; i++) {
            machine.now += machine.step;
            affinity.served(machine.turn++, QUEUE, 1, false, false, false, CLIENT);
        }
        assertThat(machine.moves).isEmpty();
    }

    /** One client with many requests in flight, spread over many exports, of which each sees one at a time. */
    @Test
    void nothingMovesForAClientOfSeveralExportsAtOnce() {
        for (int i = 0; i < 10 * ENOUGH; i++) {
            machine.now += machine.step;
            affinity.served(machine.turn++, QUEUE + i % 2, 1, false, false, true, CLIENT);
        }
        assertThat(machine.moves).isEmpty();
    }

    @Test
    void nothingMovesForSeveralClientsThatTakeTurns() {
        for (int i = 0; i < 10 * ENOUGH; i++) {
            machine.now += machine.step;
            affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT + i % 2);
        }
        assertThat(machine.moves).isEmpty();
    }

    @Test
    void nothingMovesForAClientThatCannotBeNamed() {
        machine.there = PosixScheduling.UNKNOWN;
        alone(10 * ENOUGH);
        assertThat(machine.moves).isEmpty();
    }

    @Test
    void nothingMovesWhereTheClientIsAlready() {
        machine.there = machine.here;
        alone(10 * ENOUGH);
        assertThat(machine.moves).isEmpty();
    }

    @Test
    void aClientThatDoesNotStayIsFollowedLessAndLessOften() {
        for (int i = 0; i < 100_000; i++) {
            machine.there = 1 - machine.here;
            alone(1);
        }
        // Two seconds: doubling pauses from a millisecond on, and then every 32.
        assertThat(machine.moves).hasSizeBetween(50, 70);
    }

    @Test
    void aClientThatStaysForLongIsFollowedAtOnceAgain() {
        for (int i = 0; i < 100_000; i++) {
            machine.there = 1 - machine.here;
            alone(1);
        }
        machine.there = machine.here;
        machine.now += 20 * ClientAffinity.LONGEST_PAUSE;
        machine.there = 1 - machine.here;
        machine.moves.clear();
        alone(2 * ENOUGH);
        machine.there = 1 - machine.here;
        alone((int) (2 * ClientAffinity.SHORTEST_PAUSE / machine.step) + ENOUGH);
        assertThat(machine.moves).hasSize(2);
    }

    @Test
    void aProcessorThatIsForbiddenIsNotTriedAgainSoon() {
        machine.allowed = false;
        alone(1000);
        assertThat(machine.moves).hasSize(1);
    }

    @Test
    void theLoopLeavesOnceItsProcessorIsKeptBusy() {
        var neighbour = new FakeNeighbour();
        var affinity = new ClientAffinity(machine, neighbour);
        for (int i = 0; i < ENOUGH + 5; i++) {
            machine.now += machine.step;
            affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        }
        assertThat(machine.moves).isEmpty();
        assertThat(neighbour.here).isEqualTo(machine.there);

        neighbour.busy = machine.here;
        affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        assertThat(machine.moves).containsExactly(1);
    }

    @Test
    void theLoopLeavesAllTheSameWhereItsProcessorIsNotKeptBusyInTime() {
        var affinity = new ClientAffinity(machine, new FakeNeighbour());
        long enough = ENOUGH + ClientAffinity.SPIN_NANOS / machine.step + 1;
        for (int i = 0; i < enough; i++) {
            machine.now += machine.step;
            affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        }
        assertThat(machine.moves).containsExactly(1);
    }

    @Test
    void theLoopStaysWhereTheClientStopsWaitingMeanwhile() {
        var neighbour = new FakeNeighbour();
        var affinity = new ClientAffinity(machine, neighbour);
        for (int i = 0; i < ENOUGH; i++) {
            machine.now += machine.step;
            affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        }
        affinity.served(machine.turn++, QUEUE, 2, false, false, true, CLIENT);
        neighbour.busy = machine.here;
        affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        assertThat(machine.moves).isEmpty();
    }

    @Test
    void theLoopStaysWhereTheClientPausedMeanwhile() {
        var neighbour = new FakeNeighbour();
        var affinity = new ClientAffinity(machine, neighbour);
        for (int i = 0; i < ENOUGH; i++) {
            machine.now += machine.step;
            affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        }
        machine.now += 1_000_000_000;
        affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        neighbour.busy = machine.here;
        affinity.served(machine.turn++, QUEUE, 1, false, false, true, CLIENT);
        assertThat(machine.moves).isEmpty();
    }
}
