package dev.weir.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a message as a whole is taken for. Values inside: {@link FuseRequestDecoderBoundsTest}. */
class FuseRequestDecoderTest {
    private static final int MAX_WRITE = 65536;
    private static final int MAX_REQUEST = MAX_WRITE + 4096;

    private final FuseRequestDecoder decoder = new FuseRequestDecoder(MAX_REQUEST, MAX_WRITE, MAX_WRITE);
    private final FuseRequest request = new FuseRequest();

    private DecodeResult decode(ByteBuffer message) {
        return decoder.decode(request, message, 0, message.limit());
    }

    @Test
    void decodesAWriteThatLiesInTheMiddleOfABuffer() {
        int at = 4096 - FuseProtocol.WRITE_DATA_AT;
        ByteBuffer buffer = Wire.at(
                at,
                "54 00 00 00", // len 84
                "10 00 00 00", // opcode WRITE
                "06 00 00 00 00 00 00 00", // unique
                "01 00 00 00 00 00 00 00", // nodeid
                "E8 03 00 00", // uid
                "E9 03 00 00", // gid
                "2A 00 00 00", // pid
                "00 00", // total_extlen
                "00 00", // padding
                "01 00 00 00 00 00 00 00", // fh
                "00 02 00 00 00 00 00 00", // offset
                "04 00 00 00", // size
                "00 00 00 00", // write_flags
                "00 00 00 00 00 00 00 00", // lock_owner
                "02 80 00 00", // flags
                "00 00 00 00", // padding
                "CA FE BA BE"); // data

        assertThat(decoder.decode(request, buffer, at, 84)).isEqualTo(DecodeResult.OK);

        assertThat(request.opcode()).isEqualTo(FuseOpcode.WRITE);
        assertThat(request.rawOpcode()).isEqualTo(16);
        assertThat(request.length()).isEqualTo(84);
        assertThat(request.unique()).isEqualTo(6);
        assertThat(request.nodeid()).isEqualTo(1);
        assertThat(request.uid()).isEqualTo(1000);
        assertThat(request.gid()).isEqualTo(1001);
        assertThat(request.pid()).isEqualTo(42);
        assertThat(request.expectsReply()).isTrue();
        assertThat(FuseWriteIn.offset(request.body(), request.bodyAt())).isEqualTo(512);
        assertThat(request.bodyLength()).isEqualTo(40);
        assertThat(request.payload()).isSameAs(buffer);
        assertThat(request.payloadAt()).as("page boundary").isEqualTo(4096);
        assertThat(request.payloadLength()).isEqualTo(4);
        assertThat(buffer.position()).isZero();
    }

    @Test
    void headerValuesSurviveTheBuffer() {
        ByteBuffer message = Wire.request(FuseOpcode.READ.code(), 40);
        decode(message);

        FuseReplyEncoder.error(message, 0, request.unique(), Errno.EIO);

        assertThat(request.unique()).isEqualTo(0x1234);
        assertThat(request.nodeid()).isEqualTo(1);
        assertThat(request.opcode()).isEqualTo(FuseOpcode.READ);
    }

    @ParameterizedTest
    @EnumSource
    void takesTheSmallestRequestOfEveryOperation(FuseOpcode opcode) {
        assertThat(decode(Wire.request(opcode.code(), opcode.minimumBody()))).isEqualTo(DecodeResult.OK);
        assertThat(request.opcode()).isEqualTo(opcode);
        assertThat(request.bodyLength()).isEqualTo(opcode.minimumBody());
        assertThat(request.payloadLength()).isZero();
        assertThat(request.expectsReply()).isEqualTo(opcode.replied());
    }

    @ParameterizedTest
    @EnumSource
    void findsTheTruncatedBodyOfEveryOperationThatHasOne(FuseOpcode opcode) {
        if (opcode.minimumBody() == 0) {
            return;
        }
        DecodeResult result = decode(Wire.request(opcode.code(), opcode.minimumBody() - 1));

        assertThat(result).isEqualTo(DecodeResult.TRUNCATED_BODY);
        assertThat(result.errno())
                .as("never ENOSYS: FSYNC would succeed for ever after")
                .isEqualTo(Errno.EIO);
        assertThat(result.streamTrusted()).isTrue();
        assertThat(request.expectsReply()).isEqualTo(opcode.replied());
        assertThat(request.bodyLength()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void distrustsAMessageThatIsShorterThanItsHeaderSays(FuseOpcode opcode) {
        ByteBuffer message = Wire.request(opcode.code(), opcode.minimumBody());
        message.putInt(0, message.limit() + 1);

        DecodeResult result = decode(message);

        assertThat(result).isEqualTo(DecodeResult.LENGTH_MISMATCH);
        assertThat(result.streamTrusted()).isFalse();
        assertThat(request.expectsReply()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 39, 41, 79, 81, -80, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void distrustsAnyOtherLength(int len) {
        ByteBuffer message = Wire.request(FuseOpcode.READ.code(), 40);
        message.putInt(0, len);

        assertThat(decode(message)).isEqualTo(DecodeResult.LENGTH_MISMATCH);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 39})
    void cannotReplyToLessThanAHeader(int received) {
        decode(Wire.request(FuseOpcode.READ.code(), 40));

        DecodeResult result = decoder.decode(request, Wire.request(FuseOpcode.READ.code(), 40), 0, received);

        assertThat(result).isEqualTo(DecodeResult.TRUNCATED_HEADER);
        assertThat(result.errno()).isNull();
        assertThat(result.streamTrusted()).isFalse();
        assertThat(request.expectsReply()).isFalse();
        assertThat(request.unique()).as("nothing left of the request before").isZero();
        assertThat(request.body().capacity()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 19, 54, -1, Integer.MIN_VALUE})
    void answersAnUnknownOperation(int opcode) {
        DecodeResult result = decode(Wire.request(opcode, 8));

        assertThat(result).isEqualTo(DecodeResult.UNKNOWN_OPCODE);
        assertThat(result.errno()).isEqualTo(Errno.ENOSYS);
        assertThat(result.streamTrusted()).isTrue();
        assertThat(request.expectsReply()).isTrue();
        assertThat(request.rawOpcode()).isEqualTo(opcode);
        assertThat(request.unique()).isEqualTo(0x1234);
        assertThatIllegalStateException().isThrownBy(request::opcode).withMessageContaining("" + opcode);
    }

    @Test
    void refusesMoreThanWasNegotiated() {
        assertThat(decode(Wire.request(FuseOpcode.SETXATTR.code(), MAX_REQUEST - 40)))
                .isEqualTo(DecodeResult.OK);

        DecodeResult result = decode(Wire.request(FuseOpcode.SETXATTR.code(), MAX_REQUEST - 39));

        assertThat(result).isEqualTo(DecodeResult.OVERSIZED);
        assertThat(result.errno()).isEqualTo(Errno.EIO);
        assertThat(request.expectsReply()).isTrue();
    }

    @Test
    void takesBothLengthsOfInitAndNoneBetween() {
        assertThat(decode(Wire.request(26, 16))).isEqualTo(DecodeResult.OK);
        assertThat(request.bodyLength()).isEqualTo(16);
        assertThat(decode(Wire.request(26, 64))).isEqualTo(DecodeResult.OK);
        assertThat(request.bodyLength()).isEqualTo(64);
        assertThat(decode(Wire.request(26, 72))).as("a kernel to come").isEqualTo(DecodeResult.OK);
        assertThat(request.bodyLength()).isEqualTo(64);
        assertThat(decode(Wire.request(26, 17))).isEqualTo(DecodeResult.TRUNCATED_BODY);
        assertThat(decode(Wire.request(26, 63))).isEqualTo(DecodeResult.TRUNCATED_BODY);
    }

    @Test
    void bytesAfterAKnownStructDoNotHurt() {
        assertThat(decode(Wire.request(FuseOpcode.GETATTR.code(), 24))).isEqualTo(DecodeResult.OK);
        assertThat(request.bodyLength()).isEqualTo(16);
        assertThat(request.payloadLength()).isZero();
    }

    @Test
    void extensionsAreNoPayload() {
        ByteBuffer message = Wire.request(FuseOpcode.MKNOD.code(), 16 + 8 + 16);
        message.putShort(36, (short) 2);

        assertThat(decode(message)).isEqualTo(DecodeResult.OK);
        assertThat(request.payloadLength()).isEqualTo(8);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 0x7FFF, 0xFFFF})
    void extensionsMustFit(int totalExtlen) {
        ByteBuffer message = Wire.request(FuseOpcode.MKNOD.code(), 16 + 24);
        message.putShort(36, (short) totalExtlen);

        DecodeResult result = decode(message);

        assertThat(result).isEqualTo(DecodeResult.BAD_EXTENSION);
        assertThat(result.errno()).isEqualTo(Errno.EIO);
    }

    @Test
    void anEmptyRequestHasNoOperation() {
        assertThatIllegalStateException().isThrownBy(request::opcode);
        assertThat(request.expectsReply()).isFalse();
        assertThat(request.payloadLength()).isZero();
    }

    @Test
    void clearLetsGoOfTheBuffer() {
        ByteBuffer message = Wire.request(FuseOpcode.WRITE.code(), 44);
        decode(message);

        request.clear();

        assertThat(request.body()).isNotSameAs(message);
        assertThat(request.payload()).isNotSameAs(message);
        assertThatIllegalStateException().isThrownBy(request::opcode);
    }

    @Test
    void aRangeOutsideTheBufferIsABugOfTheCaller() {
        ByteBuffer message = Wire.request(FuseOpcode.READ.code(), 40);

        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> decoder.decode(request, message, 0, 81));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> decoder.decode(request, message, 0, -1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> decoder.decode(request, message, -1, 80));
    }

    @Test
    void refusesBoundsThatCannotHold() {
        assertThatIllegalArgumentException().isThrownBy(() -> new FuseRequestDecoder(8191, 4096, 4096));
        assertThatIllegalArgumentException().isThrownBy(() -> new FuseRequestDecoder(8192, 0, 4096));
        assertThatIllegalArgumentException().isThrownBy(() -> new FuseRequestDecoder(8192, 4096, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new FuseRequestDecoder(8192, 4096, 8192 - 79));
    }
}
