package dev.weir.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FuseRequestDecoderAllocationTest {
    private static final int ROUNDS = 100_000;
    /** Less than one byte in three rounds: what the JVM does on its own is far below. */
    private static final long NOISE = 32_768;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final FuseRequestDecoder decoder = new FuseRequestDecoder(65536, 32768, 32768);
    private final FuseRequest request = new FuseRequest();

    @ParameterizedTest
    @CsvSource({
        "15, 40, OK",
        "16, 4136, OK",
        "3, 16, OK",
        "16, 39, TRUNCATED_BODY",
        "99, 0, UNKNOWN_OPCODE",
        "42, 8, OK",
    })
    void decodingAllocatesNothing(int opcode, int rest, DecodeResult expected) {
        ByteBuffer message = Wire.request(opcode, rest);
        decodeAll(message, expected);

        long allocated = allocatedBy(() -> decodeAll(message, expected));

        assertThat(allocated).isLessThan(NOISE);
    }

    @Test
    void encodingAllocatesNothing() {
        ByteBuffer buffer = Wire.noise(256);
        FuseAttr attr = new FuseAttr(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
        encodeAll(buffer, attr);

        long allocated = allocatedBy(() -> encodeAll(buffer, attr));

        assertThat(allocated).isLessThan(NOISE);
    }

    @Test
    void theMeasurementSeesAnAllocation() {
        Object[] kept = new Object[1];

        long allocated = allocatedBy(() -> {
            for (int i = 0; i < ROUNDS; i++) {
                kept[0] = new FuseRequest();
            }
        });

        assertThat(allocated).isGreaterThan(NOISE);
    }

    private void decodeAll(ByteBuffer message, DecodeResult expected) {
        for (int i = 0; i < ROUNDS; i++) {
            if (decoder.decode(request, message, 0, message.limit()) != expected) {
                throw new AssertionError("not " + expected);
            }
        }
    }

    private static void encodeAll(ByteBuffer buffer, FuseAttr attr) {
        for (int i = 0; i < ROUNDS; i++) {
            FuseReplyEncoder.dataHeader(buffer, 0, i, 4096);
            FuseReplyEncoder.write(buffer, 16, i, 4096);
            FuseReplyEncoder.error(buffer, 48, i, Errno.EIO);
            FuseReplyEncoder.attr(buffer, 64, i, 1, 0, attr);
        }
    }

    private long allocatedBy(Runnable work) {
        long before = threads.getCurrentThreadAllocatedBytes();
        work.run();
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
