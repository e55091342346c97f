package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Sessions share a budget: together they hold no more, and none keeps the others from going on. */
class SharedBudgetTest {
    /** Small, so that the replies to all requests fit in the sockets. */
    private static final int LARGEST = 8192;

    private static final long COST = BounceBuffer.cost(LARGEST);

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture().maxTransfer(LARGEST);

    private final ControlledDevice device = new ControlledDevice(1 << 20).hold();

    @SuppressWarnings("NullAway.Init")
    private ScriptedFuseDevice first;

    @SuppressWarnings("NullAway.Init")
    private ScriptedFuseDevice second;

    /** @param budget of both, in bytes */
    private void serveTwo(long budget) {
        first = fuse.budgetOfAll(budget).serve(device);
        second = fuse.serveAgain();
    }

    private static List<KernelRequest> send(ScriptedFuseDevice kernel, int count) {
        List<KernelRequest> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add(KernelRequest.read(0, LARGEST));
        }
        requests.forEach(kernel::send);
        return requests;
    }

    private void awaitPause(int held) {
        SessionFixture.await("all is used", () -> device.held() == held);
        fuse.onLoop(0, () -> null);
        fuse.onLoop(1, () -> null);
        assertThat(device.held()).isEqualTo(held);
    }

    @Test
    void togetherTheyHoldNoMore() {
        serveTwo(6 * COST);
        send(first, 10);
        // Four of the shared bytes, and its own.
        awaitPause(5);
        send(second, 10);
        awaitPause(6);

        for (int ended = 0; ended < 20; ended++) {
            device.next().complete();
            long inFlight = fuse.session().inFlightBytes() + fuse.second().inFlightBytes();
            assertThat(inFlight).isLessThanOrEqualTo(7 * COST);
        }
        first.receive(10);
        second.receive(10);
        assertThat(fuse.session().statistics().pauses()).isPositive();
    }

    /** Storage that never answers holds all that is shared: what is guaranteed to the other session is enough to go on. */
    @Test
    void whatIsStuckStarvesNoOther() {
        serveTwo(4 * COST);
        send(first, 10);
        awaitPause(3);
        List<ControlledDevice.Call> never = device.next(3);
        device.letGo();

        for (int round = 0; round < 50; round++) {
            send(second, 8);
            second.receive(8);
        }
        assertThat(fuse.session().inFlight()).isEqualTo(3);

        never.forEach(ControlledDevice.Call::complete);
        first.receive(10);
    }

    @Test
    void theyTakeTurns() {
        serveTwo(3 * COST);
        send(first, 12);
        send(second, 12);
        awaitPause(3);

        int most = 0;
        for (int ended = 0; ended < 24; ended++) {
            // One session alone has its own share, and what is shared; both have one more.
            int left = 24 - ended;
            SessionFixture.await("all that can be is at the device", () -> device.held() >= Math.min(2, left));
            fuse.onLoop(0, () -> null);
            fuse.onLoop(1, () -> null);
            device.next().complete();
            most = Math.max(most, Math.abs((int) (fuse.session().statistics().requests(FuseStatistics.Kind.READ)
                    - fuse.second().statistics().requests(FuseStatistics.Kind.READ))));
        }
        first.receive(12);
        second.receive(12);
        assertThat(most).isLessThanOrEqualTo(6);
    }

    @Test
    void aSessionThatEndsInTheLineLeavesIt() {
        serveTwo(3 * COST);
        send(first, 4);
        awaitPause(2);
        send(second, 4);
        awaitPause(3);
        var closed =
                fuse.second().quiesce().thenCompose(nothing -> fuse.second().close());
        device.letGo();
        device.next(3).forEach(ControlledDevice.Call::complete);
        SessionFixture.await(closed);
        first.receive(4);
    }

    @Test
    void queuesOfALoopReceiveIntoOneBuffer() {
        fuse.queues(8).serve(device.letGo());
        for (int i = 0; i < 8; i++) {
            fuse.kernel(i).call(KernelRequest.read(0, 512)).succeeds(512);
        }
        assertThat(fuse.memory().allocatedBytes()).as("two loops").isBetween(2 * COST, 4 * COST);
    }
}
