package dev.weir.fuse;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.fuse.device.FuseMountException;
import org.junit.jupiter.api.Test;

class BufferMemoryTest {
    private static final long MIB = 1 << 20;

    @Test
    void budgetsAndReceiveBuffersOfAllQueuesHaveToFit() {
        assertThatCode(() -> BufferMemory.check(63 * MIB, 2, 128 * MIB)).doesNotThrowAnyException();
        assertThatThrownBy(() -> BufferMemory.check(63 * MIB + 1, 2, 128 * MIB))
                .isInstanceOf(FuseMountException.class)
                .hasMessage("not enough memory for the buffers: max-in-flight-bytes may be at most 63M for each of"
                        + " 2 iothreads, because the JVM has 128M of direct memory (-XX:MaxDirectMemorySize)");
    }

    @Test
    void hugeNumbersDoNotOverflow() {
        assertThatThrownBy(() -> BufferMemory.check(Long.MAX_VALUE, 256, 2048 * MIB))
                .hasMessageContaining("at most 7M");
        assertThatThrownBy(() -> BufferMemory.check(1, 256, 128 * MIB)).hasMessageContaining("at most 0M");
    }
}
