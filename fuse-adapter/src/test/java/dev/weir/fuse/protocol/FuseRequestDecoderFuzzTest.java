package dev.weir.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class FuseRequestDecoderFuzzTest {
    private static final long SEED = 0x5EED_F05EL;
    private static final int INPUTS = 1_200_000;
    private static final int MAX_REQUEST = 8192;
    private static final int MAX_TRANSFER = 4096;

    /** Every message is put at another place, so that a position which is forgotten shows. */
    private static final int PLACES = 64;

    private final FuzzedMessages messages = new FuzzedMessages(SEED, MAX_REQUEST + 128, MAX_TRANSFER);
    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(MAX_REQUEST + 128 + PLACES).order(ByteOrder.nativeOrder());
    private final FuseRequestDecoder decoder = new FuseRequestDecoder(MAX_REQUEST, MAX_TRANSFER, MAX_TRANSFER);
    private final FuseRequest request = new FuseRequest();

    @Test
    @Timeout(60)
    void everyMessageIsTakenForWhatItIs() {
        Map<DecodeResult, Integer> results = new EnumMap<>(DecodeResult.class);
        Map<FuseOpcode, Integer> opcodes = new EnumMap<>(FuseOpcode.class);
        // Read-only and cut after the message: writing to it or reading beyond it throws.
        ByteBuffer message = buffer.asReadOnlyBuffer().order(ByteOrder.nativeOrder());
        for (int input = 0; input < INPUTS; input++) {
            messages.next();
            int at = input % PLACES;
            int received = messages.received;
            buffer.put(at, messages.bytes, 0, received);
            message.limit(at + received);

            DecodeResult result;
            try {
                result = decoder.decode(request, message, at, received);
            } catch (RuntimeException e) {
                throw new AssertionError(describe(input), e);
            }

            DecodeOracle oracle = new DecodeOracle(messages.bytes, received, MAX_REQUEST, MAX_TRANSFER);
            DecodeResult expected = oracle.result();
            require(result == expected, input, "wrong result");
            requireFate(result, oracle, input);
            if (result == DecodeResult.OK) {
                requireParts(oracle, message, at, received, input);
                opcodes.merge(request.opcode(), 1, Integer::sum);
            } else {
                require(request.bodyLength() == 0 && request.payloadLength() == 0, input, "parts of a bad request");
            }
            results.merge(result, 1, Integer::sum);
        }
        assertThat(results.keySet()).containsExactly(DecodeResult.values());
        assertThat(results.values()).allSatisfy(count -> assertThat(count).isGreaterThan(500));
        assertThat(opcodes.keySet()).containsExactly(FuseOpcode.values());
        assertThat(opcodes.values()).allSatisfy(count -> assertThat(count).isGreaterThan(500));
    }

    private void requireFate(DecodeResult result, DecodeOracle oracle, int input) {
        boolean framed = result != DecodeResult.TRUNCATED_HEADER && result != DecodeResult.LENGTH_MISMATCH;
        require(result.streamTrusted() == framed, input, "trust");
        require((result.errno() != null) == (framed && result != DecodeResult.OK), input, "errno");
        require(request.expectsReply() == (framed && oracle.replied()), input, "expectsReply");
        if (result == DecodeResult.TRUNCATED_HEADER) {
            require(request.unique() == 0 && request.length() == 0, input, "header of nothing");
            return;
        }
        boolean header = request.length() == (int) oracle.unsigned(0, 4)
                && request.rawOpcode() == oracle.opcode()
                && request.unique() == oracle.unsigned(8, 8)
                && request.nodeid() == oracle.unsigned(16, 8)
                && request.uid() == (int) oracle.unsigned(24, 4)
                && request.gid() == (int) oracle.unsigned(28, 4)
                && request.pid() == (int) oracle.unsigned(32, 4);
        require(header, input, "header");
    }

    @SuppressWarnings("ReferenceEquality") // the very buffer, not one of equal contents
    private void requireParts(DecodeOracle oracle, ByteBuffer message, int at, int received, int input) {
        require(request.opcode().code() == oracle.opcode(), input, "opcode");
        require(request.body() == message && request.payload() == message, input, "buffers");
        require(request.bodyAt() == at + 40, input, "bodyAt");
        require(request.bodyLength() == oracle.struct(), input, "bodyLength");
        require(request.payloadAt() == at + 40 + oracle.struct(), input, "payloadAt");
        require(request.payloadLength() == oracle.payload(), input, "payloadLength");
        require(request.payloadLength() >= 0, input, "payloadLength");
        require(request.payloadAt() + request.payloadLength() <= at + received, input, "payload beyond the message");
    }

    private void require(boolean holds, int input, String what) {
        if (!holds) {
            throw new AssertionError(what + "; " + describe(input));
        }
    }

    private String describe(int input) {
        byte[] head = Arrays.copyOf(messages.bytes, Math.min(messages.received, 160));
        return "input " + input + " of seed " + SEED + ", " + messages.received + " bytes: "
                + HexFormat.ofDelimiter(" ").formatHex(head);
    }
}
