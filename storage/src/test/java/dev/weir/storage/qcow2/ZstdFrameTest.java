package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ZstdFrameTest {
    @Test
    void aFrameOfOneSegmentNeedsWhatItHolds() {
        assertThat(ZstdFrame.windowSize(ByteBuffer.wrap(Zstd.compress(new byte[100]))))
                .isEqualTo(100);
        assertThat(ZstdFrame.windowSize(ByteBuffer.wrap(Zstd.compress(new byte[65_536]))))
                .isEqualTo(65_536);
    }

    @Test
    void aFrameWithAWindowNeedsThat() {
        byte[] frame = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, (byte) (21 << 3 | 1), 0, 0};
        assertThat(ZstdFrame.windowSize(ByteBuffer.wrap(frame))).isEqualTo((1L << 31) + (1L << 28));
    }

    @Test
    void whatIsNoFrameNeedsNothing() {
        assertThat(ZstdFrame.windowSize(ByteBuffer.wrap(new byte[20]))).isZero();
        assertThat(ZstdFrame.windowSize(ByteBuffer.wrap(new byte[2]))).isZero();
    }
}
