package dev.weir.fuse.protocol;

import java.math.BigInteger;

/**
 * A second opinion on a message, written from the protocol's description without a line of the decoder: it reads single
 * bytes and computes without bounds.
 */
public final class DecodeOracle {
    private static final BigInteger LARGEST_OFFSET =
            BigInteger.ONE.shiftLeft(63).subtract(BigInteger.ONE);

    /** Bytes of the struct by opcode; -1 for no such opcode. */
    private static final int[] STRUCT = {
        -1, 0, 8, 16, 88, 0, 0, -1, 16, 8, 0, 0, 8, 8, 8, 40, 40, 0, 24, -1, 16, 8, 8, 8, 0, 24, 16, 8, 40, 24, 16, 48,
        48, 48, 8, 16, 8, 16, 0, 32, 24, 40, 8, 32, 40, 16, 24, 56, 40, 4, 8, 16, 24, 56
    };

    /** Opcodes whose struct is followed by names or data. */
    private static final String WITH_PAYLOAD = " 1 6 8 9 10 11 12 13 16 21 22 24 35 39 41 42 45 49 51 ";

    private static final String WITHOUT_REPLY = " 2 36 41 42 ";

    private final byte[] message;
    private final int received;
    private final int maxRequest;
    private final int maxTransfer;

    public DecodeOracle(byte[] message, int received, int maxRequest, int maxTransfer) {
        this.message = message;
        this.received = received;
        this.maxRequest = maxRequest;
        this.maxTransfer = maxTransfer;
    }

    /** Little-endian, without sign. */
    public long unsigned(int at, int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value * 256 + (message[at + i] & 0xFF);
        }
        return value;
    }

    public int opcode() {
        return (int) unsigned(4, 4);
    }

    boolean known() {
        return opcode() >= 0 && opcode() < STRUCT.length && STRUCT[opcode()] >= 0;
    }

    /** Whether a reply is due, if the stream can be trusted. */
    public boolean replied() {
        return !known() || !WITHOUT_REPLY.contains(" " + opcode() + " ");
    }

    int struct() {
        return opcode() == 26 && received > 56 ? 64 : STRUCT[opcode()];
    }

    int payload() {
        boolean payload = WITH_PAYLOAD.contains(" " + opcode() + " ");
        return payload ? (int) (received - 40 - struct() - unsigned(36, 2) * 8) : 0;
    }

    public DecodeResult result() {
        if (received < 40) {
            return DecodeResult.TRUNCATED_HEADER;
        }
        if (unsigned(0, 4) != received) {
            return DecodeResult.LENGTH_MISMATCH;
        }
        if (!known()) {
            return DecodeResult.UNKNOWN_OPCODE;
        }
        if (received > maxRequest) {
            return DecodeResult.OVERSIZED;
        }
        if (received < 40 + struct()) {
            return DecodeResult.TRUNCATED_BODY;
        }
        if (received < 40 + struct() + unsigned(36, 2) * 8) {
            return DecodeResult.BAD_EXTENSION;
        }
        return values();
    }

    private DecodeResult values() {
        long size = unsigned(56, 4);
        return switch (opcode()) {
            case 15 -> size > maxTransfer ? DecodeResult.BAD_SIZE : range(48, BigInteger.valueOf(size));
            case 16 -> {
                if (size > maxTransfer) {
                    yield DecodeResult.BAD_SIZE;
                }
                if (size > payload()) {
                    yield DecodeResult.TRUNCATED_PAYLOAD;
                }
                yield size < payload() ? DecodeResult.TRAILING_PAYLOAD : range(48, BigInteger.valueOf(size));
            }
            case 42 -> unsigned(40, 4) * 16 > payload() ? DecodeResult.TRUNCATED_PAYLOAD : DecodeResult.OK;
            case 4 -> {
                boolean wanted = (message[40] & 8) != 0;
                yield wanted && signed(56).signum() < 0 ? DecodeResult.BAD_SIZE : DecodeResult.OK;
            }
            case 43 -> signed(56).signum() <= 0 ? DecodeResult.BAD_SIZE : range(48, signed(56));
            case 47, 53 -> {
                if (signed(80).signum() < 0) {
                    yield DecodeResult.BAD_SIZE;
                }
                DecodeResult source = range(48, signed(80));
                yield source == DecodeResult.OK ? range(72, signed(80)) : source;
            }
            default -> DecodeResult.OK;
        };
    }

    private DecodeResult range(int offsetAt, BigInteger size) {
        BigInteger offset = signed(offsetAt);
        boolean inside = offset.signum() >= 0 && offset.add(size).compareTo(LARGEST_OFFSET) <= 0;
        return inside ? DecodeResult.OK : DecodeResult.BAD_OFFSET;
    }

    private BigInteger signed(int at) {
        byte[] bigEndian = new byte[8];
        for (int i = 0; i < 8; i++) {
            bigEndian[i] = message[at + 7 - i];
        }
        return new BigInteger(bigEndian);
    }
}
