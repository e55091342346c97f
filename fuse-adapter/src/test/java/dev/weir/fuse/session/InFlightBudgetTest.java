package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class InFlightBudgetTest {
    private final InFlightBudget budget = new InFlightBudget(10);
    private final List<Long> served = new ArrayList<>();

    private record Waiter(long wanted, List<Long> served) implements InFlightBudget.Waiter {
        @Override
        public void granted() {
            served.add(wanted);
        }
    }

    private Waiter lineUp(long wanted) {
        var waiter = new Waiter(wanted, served);
        budget.await(waiter);
        return waiter;
    }

    @Test
    void whatIsThereIsTakenAtOnce() {
        assertThat(budget.tryTake(7)).isTrue();
        assertThat(budget.tryTake(4)).isFalse();
        lineUp(3);
        assertThat(served).containsExactly(3L);
        assertThat(budget.free()).isZero();
    }

    @Test
    void theLineIsServedInOrderAndNoFurtherThanItGoes() {
        assertThat(budget.tryTake(10)).isTrue();
        lineUp(4);
        lineUp(2);
        lineUp(1);
        budget.giveBack(3);
        assertThat(served).as("the small ones do not pass the large one").isEmpty();
        budget.giveBack(3);
        assertThat(served).containsExactly(4L, 2L);
        budget.giveBack(5);
        assertThat(served).containsExactly(4L, 2L, 1L);
        assertThat(budget.free()).isEqualTo(4);
    }

    @Test
    void nobodyPassesTheLine() {
        assertThat(budget.tryTake(9)).isTrue();
        lineUp(2);
        assertThat(budget.tryTake(1)).isFalse();
        budget.giveBack(1);
        assertThat(budget.tryTake(0)).as("the line is gone").isTrue();
    }

    @Test
    void whoLeavesTheLineMakesWay() {
        assertThat(budget.tryTake(9)).isTrue();
        Waiter large = lineUp(5);
        lineUp(1);
        assertThat(served).isEmpty();
        assertThat(budget.leave(large)).isTrue();
        assertThat(served).containsExactly(1L);
        assertThat(budget.leave(large)).isFalse();
    }
}
