package dev.weir.storage.file;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WriteGuardTest {
    private static final long SLOW = WriteGuard.BLOCKED_NANOS + 1;

    private final WriteGuard guard = new WriteGuard(0);
    private long now;

    private void write(long nanos, boolean alone, boolean waited) {
        guard.took(0, alone, waited && guard.looksClose(), now, now + nanos);
        now += nanos;
    }

    private void write(long nanos) {
        write(nanos, true, nanos >= SLOW);
    }

    private long pause() {
        long from = now;
        while (!guard.isOpen(now)) {
            now += WriteGuard.FIRST_PAUSE / 4;
        }
        return now - from;
    }

    @Test
    void aLargeWriteMayTakeLonger() {
        int large = 1 << 20;
        write(SLOW);
        guard.took(large, true, true, now, now + WriteGuard.BLOCKED_NANOS + large);
        assertThat(guard.isOpen(now + 2L * large)).isTrue();
        guard.took(large, true, true, now, now + WriteGuard.BLOCKED_NANOS + large + 1);
        assertThat(guard.isOpen(now + 2L * large)).isFalse();
    }

    @Test
    void isOpenWhileWritesAreFast() {
        for (int i = 0; i < 100; i++) {
            assertThat(guard.isOpen(now)).isTrue();
            write(1000);
        }
    }

    @Test
    void aSecondWriteThatBlocksClosesItForAWhile() {
        write(SLOW);
        assertThat(guard.isOpen(now)).isTrue();
        assertThat(guard.looksClose()).isTrue();
        write(SLOW);
        assertThat(guard.isOpen(now)).isFalse();
        assertThat(pause()).isEqualTo(WriteGuard.FIRST_PAUSE);
        assertThat(guard.isOpen(now)).isTrue();
    }

    @Test
    void aThreadThatLostItsProcessorMeanwhileWasNotBlocked() {
        for (int i = 0; i < 100; i++) {
            write(SLOW, true, false);
            assertThat(guard.isOpen(now)).isTrue();
        }
    }

    @Test
    void amongOthersAWriteMayWaitForWhoeverHasTheFileLocked() {
        long longer = WriteGuard.BLOCKED_AMONG_OTHERS_NANOS;
        write(SLOW);
        write(longer, false, true);
        assertThat(guard.isOpen(now)).isTrue();
        write(longer + 1, false, true);
        assertThat(guard.isOpen(now)).isFalse();
    }

    @Test
    void whereWritesGoOnBlockingItIsTriedLessAndLessOften() {
        long last = 0;
        for (int i = 0; i < 20; i++) {
            write(SLOW);
            long pause = pause();
            assertThat(pause).isGreaterThanOrEqualTo(last).isLessThanOrEqualTo(WriteGuard.LONGEST_PAUSE);
            last = pause;
        }
        assertThat(last).isEqualTo(WriteGuard.LONGEST_PAUSE);
    }

    @Test
    void manyFastWritesAreTrustedAgain() {
        for (int i = 0; i < 20; i++) {
            write(SLOW);
            pause();
        }
        for (int i = 0; i < WriteGuard.TRUSTED; i++) {
            write(1000);
        }
        assertThat(guard.looksClose()).isFalse();
        write(SLOW);
        write(SLOW);
        assertThat(pause()).isEqualTo(WriteGuard.FIRST_PAUSE);
    }
}
