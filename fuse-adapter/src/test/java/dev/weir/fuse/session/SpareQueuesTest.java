package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpareQueuesTest {
    private long now = Long.MAX_VALUE - 1;
    private int changes;
    private final SpareQueues spare = spare(2, true);

    private SpareQueues spare(int queues, boolean sparing) {
        return new SpareQueues(queues, sparing, () -> 0, () -> now, () -> changes++);
    }

    private void crowded(int times, long nanosBetween) {
        for (int i = 0; i < times; i++) {
            now += nanosBetween;
            spare.served(true);
        }
    }

    /** A wake-up with two small requests, each from a client of its own. */
    private void found(int one, int other, int together) {
        var found = new WakeUp();
        found.begin(new LoopTurn(), 0);
        found.transfers(4096, one);
        found.transfers(4096, other);
        spare.served(found, together, 0);
    }

    private void found(int times, int one, int other, int together) {
        for (int i = 0; i < times; i++) {
            now += 1000;
            found(one, other, together);
        }
    }

    @Test
    void severalSmallRequestsOfOneClientAtATimeAreACrowd() {
        found(7, 7, 2);
        now += SpareQueues.KEPT_NANOS;
        found(SpareQueues.ENOUGH - 1, 7, 7, 2);
        assertThat(spare.areOpen()).isFalse();
        found(7, 7, 2);
        assertThat(spare.areOpen()).isTrue();
    }

    @Test
    void requestsOfOneClientThatCameOneAfterTheOtherAreNone() {
        found(7, 7, 2);
        now += SpareQueues.KEPT_NANOS;
        found(10 * SpareQueues.ENOUGH, 7, 7, 1);
        assertThat(spare.areOpen()).isFalse();
    }

    @Test
    void smallRequestsOfSeveralClientsAreNone() {
        found(7, 7, 2);
        now += SpareQueues.KEPT_NANOS;
        for (int i = 0; i < 10 * SpareQueues.ENOUGH; i++) {
            found(1, 7, 8, 2);
            found(1, 9, 9, 2);
        }
        assertThat(spare.areOpen()).isFalse();
    }

    @Test
    void clientsOfOtherPidNamespacesMayBeSeveral() {
        found(0, 0, 2);
        now += SpareQueues.KEPT_NANOS;
        found(10 * SpareQueues.ENOUGH, 0, 0, 2);
        assertThat(spare.areOpen()).isFalse();
    }

    @Test
    void aClientIsAloneOnlyWhenOthersHaveBeenAwayForAWhile() {
        severalSmallRequestsOfOneClientAtATimeAreACrowd();
        found(8, 8, 2);
        now += SpareQueues.KEPT_NANOS + 1;
        found(8, 8, 1);
        assertThat(spare.areOpen()).isFalse();
        found(SpareQueues.ENOUGH, 8, 8, 2);
        assertThat(spare.areOpen()).isTrue();
    }

    @Test
    void wakeUpsWithoutTransfersDoNotChangeWhoIsAlone() {
        found(7, 7, 2);
        now += SpareQueues.KEPT_NANOS;
        for (int i = 0; i < SpareQueues.ENOUGH; i++) {
            found(1, 7, 7, 2);
            var nothing = new WakeUp();
            nothing.begin(new LoopTurn(), 0);
            spare.served(nothing, 0, 0);
        }
        assertThat(spare.areOpen()).isTrue();
    }

    @Test
    void aFewCrowdedWakeUpsChangeNothing() {
        crowded(SpareQueues.ENOUGH - 1, 1000);
        assertThat(spare.areOpen()).isFalse();
        assertThat(spare.isShared()).isFalse();
        assertThat(changes).isZero();
    }

    @Test
    void theyListenWhenWakeUpsAreCrowdedAgainAndAgain() {
        crowded(SpareQueues.ENOUGH, SpareQueues.KEPT_NANOS);
        assertThat(spare.areOpen()).isTrue();
        assertThat(spare.isShared()).isTrue();
        assertThat(changes).isOne();
    }

    @Test
    void whatIsCrowdedNowAndThenChangesNothing() {
        crowded(10 * SpareQueues.ENOUGH, SpareQueues.KEPT_NANOS + 1);
        assertThat(spare.areOpen()).isFalse();
    }

    @Test
    void otherWakeUpsBetweenCrowdedOnesDoNotMatter() {
        for (int i = 0; i < SpareQueues.ENOUGH; i++) {
            spare.served(true);
            spare.served(false);
        }
        assertThat(spare.areOpen()).isTrue();
    }

    @Test
    void theyListenForAWhileAfterTheLastCrowdedWakeUp() {
        crowded(SpareQueues.ENOUGH, 1000);
        now += SpareQueues.KEPT_NANOS;
        spare.served(false);
        assertThat(spare.areOpen()).isTrue();

        now++;
        spare.served(false);
        assertThat(spare.areOpen()).isFalse();
        assertThat(changes).isEqualTo(2);
    }

    @Test
    void aCrowdThatComesBackIsCountedFromTheBeginning() {
        theyListenForAWhileAfterTheLastCrowdedWakeUp();
        crowded(SpareQueues.ENOUGH - 1, 1000);
        assertThat(spare.areOpen()).isFalse();
        crowded(1, 1000);
        assertThat(spare.areOpen()).isTrue();
    }

    @Test
    void queuesThatAreNotSpareListenAllTheTime() {
        SpareQueues all = spare(2, false);
        assertThat(all.areOpen()).isTrue();
        assertThat(all.isShared()).isTrue();
        now += 2 * SpareQueues.KEPT_NANOS;
        all.served(false);
        assertThat(all.areOpen()).isTrue();
    }

    private static boolean several(SpareQueues queues, int together, int own) {
        var found = new WakeUp();
        found.begin(new LoopTurn(), 0);
        found.transfers(4096, 7);
        return queues.served(found, together, own);
    }

    @Test
    void severalAreThereThatWereKeptTogetherOrWaitForStorage() {
        for (SpareQueues queues : List.of(spare(1, true), spare(2, true), spare(2, false))) {
            assertThat(several(queues, 1, 0)).isFalse();
            assertThat(several(queues, 0, 1)).isFalse();
            assertThat(several(queues, 2, 0)).isTrue();
            assertThat(several(queues, 0, 2)).isTrue();
        }
    }

    @Test
    void severalMayBeThereWhileSpareQueuesListen() {
        crowded(SpareQueues.ENOUGH, 1000);
        assertThat(several(spare, 1, 0)).isTrue();
        now += SpareQueues.KEPT_NANOS + 1;
        assertThat(several(spare, 1, 0)).isFalse();
    }

    @Test
    void oneQueueIsNeverShared() {
        SpareQueues one = spare(1, true);
        assertThat(one.areOpen()).isTrue();
        assertThat(one.isShared()).isFalse();
    }
}
