package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.fuse.device.FuseMountException;
import dev.weir.storage.BlockException;
import org.junit.jupiter.api.Test;

class BufferMemoryTest {
    private static final int MIB = 1 << 20;
    private static final long EACH = BounceBuffer.cost(MIB);

    @Test
    void whatIsGuaranteedToAllQueuesHasToFit() throws InterruptedException {
        var memory = new BufferMemory(3 * EACH, BounceBuffer::new);
        BufferMemory.Admission two = memory.admit(2, MIB);
        assertThatThrownBy(() -> memory.admit(2, MIB))
                .isInstanceOf(FuseMountException.class)
                .hasMessage(
                        "not enough memory for the buffers: the budget of the engine, 3M, is too small for 4 queues;"
                                + " raise max-in-flight-total (and the JVM's direct memory, -XX:MaxDirectMemorySize)");
        two.endOne();
        memory.admit(2, MIB).end();
        two.end();
        assertThat(memory.budget().free()).isEqualTo(3 * EACH);
    }

    /** An export that is added while others are busy gets its guarantee before they get more. */
    @Test
    void aGuaranteeIsWaitedFor() throws Exception {
        var memory = new BufferMemory(2 * EACH, BounceBuffer::new);
        assertThat(memory.budget().tryTake(2 * EACH)).isTrue();
        var thread = new Thread(() -> memory.budget().giveBack(2 * EACH));
        thread.start();
        memory.admit(1, MIB).end();
        thread.join();
        assertThat(memory.budget().free()).isEqualTo(2 * EACH);
    }

    @Test
    void theStandardLeavesDirectMemoryForOthers() {
        assertThat(BufferMemory.standard(64L * MIB)).isEqualTo(48L * MIB);
        assertThat(BufferMemory.standard(16384L * MIB)).isEqualTo(512L * MIB);
        assertThat(BufferMemory.standard(0)).isEqualTo(2L * MIB);
    }

    @Test
    void aBudgetIsWithinReason() {
        for (long bytes : new long[] {2 * MIB - 1, Long.MAX_VALUE}) {
            assertThatThrownBy(() -> new BufferMemory(bytes))
                    .isInstanceOf(BlockException.class)
                    .hasMessageStartingWith("max-in-flight-total must be from 2M to ");
        }
        assertThatThrownBy(() -> BufferMemory.requirePossible(Long.MAX_VALUE))
                .hasMessageStartingWith("not enough memory for the buffers: max-in-flight-bytes may be at most ");
    }
}
