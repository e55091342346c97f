package dev.weir.fuse.protocol;

import static dev.weir.fuse.protocol.DecodeResult.BAD_OFFSET;
import static dev.weir.fuse.protocol.DecodeResult.BAD_SIZE;
import static dev.weir.fuse.protocol.DecodeResult.OK;
import static dev.weir.fuse.protocol.DecodeResult.TRAILING_PAYLOAD;
import static dev.weir.fuse.protocol.DecodeResult.TRUNCATED_PAYLOAD;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FuseRequestDecoderBoundsTest {
    private static final int BODY = 40;
    private static final int MAX_READ = 32768;
    private static final int MAX_WRITE = 16384;
    private static final long MAX = Long.MAX_VALUE;

    private final FuseRequestDecoder decoder = new FuseRequestDecoder(65536, MAX_READ, MAX_WRITE);
    private final FuseRequest request = new FuseRequest();

    private DecodeResult decode(ByteBuffer message) {
        return decoder.decode(request, message, 0, message.limit());
    }

    private DecodeResult read(long offset, int size) {
        ByteBuffer message = Wire.request(FuseOpcode.READ.code(), 40);
        message.putLong(BODY + 8, offset).putInt(BODY + 16, size);
        return decode(message);
    }

    private DecodeResult write(long offset, int size, int payload) {
        ByteBuffer message = Wire.request(FuseOpcode.WRITE.code(), 40 + payload);
        message.putLong(BODY + 8, offset).putInt(BODY + 16, size);
        return decode(message);
    }

    private DecodeResult fallocate(long offset, long length) {
        ByteBuffer message = Wire.request(FuseOpcode.FALLOCATE.code(), 32);
        message.putLong(BODY + 8, offset).putLong(BODY + 16, length);
        return decode(message);
    }

    private DecodeResult copyFileRange(long offIn, long offOut, long len) {
        ByteBuffer message = Wire.request(FuseOpcode.COPY_FILE_RANGE_64.code(), 56);
        message.putLong(BODY + 8, offIn).putLong(BODY + 32, offOut).putLong(BODY + 40, len);
        return decode(message);
    }

    @Test
    void valuesOutOfRangeAreInvalidArguments() {
        assertThat(BAD_SIZE.errno()).isEqualTo(Errno.EINVAL);
        assertThat(BAD_OFFSET.errno()).isEqualTo(Errno.EINVAL);
        assertThat(BAD_SIZE.streamTrusted()).isTrue();
        assertThat(BAD_OFFSET.streamTrusted()).isTrue();
    }

    @Test
    void readSize() {
        assertThat(read(0, 0)).isEqualTo(OK);
        assertThat(read(0, MAX_READ)).isEqualTo(OK);
        assertThat(read(0, MAX_READ + 1)).isEqualTo(BAD_SIZE);
        assertThat(read(0, -1)).isEqualTo(BAD_SIZE);
        assertThat(read(0, Integer.MIN_VALUE)).isEqualTo(BAD_SIZE);
        assertThat(request.expectsReply()).isTrue();
    }

    @Test
    void readOffset() {
        assertThat(read(MAX - 512, 512)).isEqualTo(OK);
        assertThat(read(MAX - 511, 512)).isEqualTo(BAD_OFFSET);
        assertThat(read(MAX, 0)).isEqualTo(OK);
        assertThat(read(-1, 0)).isEqualTo(BAD_OFFSET);
        assertThat(read(Long.MIN_VALUE, 512)).isEqualTo(BAD_OFFSET);
    }

    @Test
    void writeSizeIsExactlyThePayload() {
        assertThat(write(0, 0, 0)).isEqualTo(OK);
        assertThat(write(0, MAX_WRITE, MAX_WRITE)).isEqualTo(OK);
        assertThat(request.payloadLength()).isEqualTo(MAX_WRITE);
        assertThat(write(0, 512, 511)).isEqualTo(TRUNCATED_PAYLOAD);
        assertThat(write(0, 512, 513)).isEqualTo(TRAILING_PAYLOAD);
        assertThat(request.payloadLength()).isZero();
    }

    @Test
    void writeSizeIsBounded() {
        assertThat(write(0, MAX_WRITE + 1, MAX_WRITE + 1)).isEqualTo(BAD_SIZE);
        assertThat(write(0, -1, 512)).isEqualTo(BAD_SIZE);
    }

    @Test
    void writeOffset() {
        assertThat(write(MAX - 512, 512, 512)).isEqualTo(OK);
        assertThat(write(MAX - 511, 512, 512)).isEqualTo(BAD_OFFSET);
        assertThat(write(-1, 512, 512)).isEqualTo(BAD_OFFSET);
    }

    @Test
    void fallocateRange() {
        assertThat(fallocate(0, 1)).isEqualTo(OK);
        assertThat(fallocate(0, MAX)).isEqualTo(OK);
        assertThat(fallocate(1, MAX)).isEqualTo(BAD_OFFSET);
        assertThat(fallocate(-1, 1)).isEqualTo(BAD_OFFSET);
        assertThat(fallocate(0, 0)).isEqualTo(BAD_SIZE);
        assertThat(fallocate(0, -1)).isEqualTo(BAD_SIZE);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, MAX, -1, Long.MIN_VALUE})
    void lseekOffsetMayBeAnything(long offset) {
        ByteBuffer message = Wire.request(FuseOpcode.LSEEK.code(), 24);
        message.putLong(BODY + 8, offset);

        assertThat(decode(message)).isEqualTo(OK);
    }

    @Test
    void setattrSizeCountsOnlyWhenItIsSet() {
        ByteBuffer message = Wire.request(FuseOpcode.SETATTR.code(), 88);
        message.putLong(BODY + 16, -1);
        assertThat(decode(message)).isEqualTo(OK);

        message.putInt(BODY, FuseSetattrIn.FATTR_SIZE | FuseSetattrIn.FATTR_MODE);
        assertThat(decode(message)).isEqualTo(BAD_SIZE);

        message.putLong(BODY + 16, MAX);
        assertThat(decode(message)).isEqualTo(OK);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, OK",
        "1, 16, OK",
        "1, 15, TRUNCATED_PAYLOAD",
        "2, 31, TRUNCATED_PAYLOAD",
        "2, 48, OK",
        "0x10000000, 32, TRUNCATED_PAYLOAD", // times 16 is 0 in 32 bits
        "0x10000002, 32, TRUNCATED_PAYLOAD", // times 16 is 32 in 32 bits
        "-1, 32, TRUNCATED_PAYLOAD"
    })
    void batchForgetEntriesLieInside(String count, int payload, DecodeResult expected) {
        ByteBuffer message = Wire.request(FuseOpcode.BATCH_FORGET.code(), 8 + payload);
        message.putInt(BODY, Integer.decode(count));

        assertThat(decode(message)).isEqualTo(expected);
        assertThat(request.expectsReply()).isFalse();
    }

    @Test
    void copyFileRangeBothSides() {
        assertThat(copyFileRange(0, MAX - 8, 8)).isEqualTo(OK);
        assertThat(copyFileRange(MAX - 8, 0, 8)).isEqualTo(OK);
        assertThat(copyFileRange(MAX - 8, 0, 9)).isEqualTo(BAD_OFFSET);
        assertThat(copyFileRange(0, MAX - 8, 9)).isEqualTo(BAD_OFFSET);
        assertThat(copyFileRange(-1, 0, 8)).isEqualTo(BAD_OFFSET);
        assertThat(copyFileRange(0, -1, 8)).isEqualTo(BAD_OFFSET);
        assertThat(copyFileRange(0, 0, -1)).isEqualTo(BAD_SIZE);
    }
}
