package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/** An endless, reproducible row of messages: valid requests of every opcode, and what may become of them. */
public final class FuzzedMessages {
    private static final long[] BOUNDARIES = {
        0,
        1,
        7,
        8,
        15,
        16,
        39,
        40,
        41,
        79,
        80,
        81,
        511,
        512,
        4095,
        4096,
        4097,
        8191,
        8192,
        8193,
        0xFFFF,
        0x1000_0000,
        0x1000_0001,
        Integer.MAX_VALUE,
        Integer.MAX_VALUE + 1L,
        0xFFFF_FFFFL,
        0x1_0000_0000L,
        Long.MAX_VALUE - 4096,
        Long.MAX_VALUE - 1,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -4096,
        -1
    };

    /** The message; only the first {@link #received} bytes of it count. */
    public final byte[] bytes;

    public int received;

    private final SplittableRandom random;
    private final ByteBuffer view;
    private final int maxTransfer;

    public FuzzedMessages(long seed, int capacity, int maxTransfer) {
        this.random = new SplittableRandom(seed);
        this.bytes = new byte[capacity];
        this.view = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        this.maxTransfer = maxTransfer;
    }

    /** Replaces the message by the next one. */
    public void next() {
        for (int i = 0; i < 160; i += 8) {
            view.putLong(i, random.nextLong());
        }
        int fate = random.nextInt(16);
        if (fate == 0) {
            received = random.nextInt(160);
            return;
        }
        if (fate == 1) {
            resize(random.nextInt(160));
            return;
        }
        valid();
        switch (fate) {
            case 2 -> view.putInt(4, (int) boundary());
            case 3 -> received = random.nextInt(received + 1);
            case 4 -> resize(random.nextInt(received + 1));
            case 5 -> resize(received - 1);
            case 6 -> resize(Math.min(bytes.length, received + 1 + random.nextInt(64)));
            case 7 -> resize(random.nextInt(bytes.length + 1));
            case 8 -> view.putInt(0, random.nextBoolean() ? (int) boundary() : received + random.nextInt(-9, 10));
            case 9 -> view.putShort(36, (short) random.nextInt(random.nextBoolean() ? 8 : 65536));
            case 10 -> flipBits();
            case 11, 12, 13 -> boundaryInBody();
            default -> {
                // Stays valid.
            }
        }
    }

    /** A well-formed request of any opcode. */
    private void valid() {
        FuseOpcode[] all = FuseOpcode.values();
        FuseOpcode opcode = all[random.nextInt(all.length)];
        int body = opcode == FuseOpcode.INIT && random.nextBoolean() ? 64 : opcode.minimumBody();
        int payload = opcode.hasPayload() ? random.nextInt(random.nextInt(8) == 0 ? maxTransfer + 1 : 65) : 0;
        received = 40 + body + payload;
        view.putInt(0, received);
        view.putInt(4, opcode.code());
        view.putShort(36, (short) 0);
        switch (opcode) {
            case READ -> {
                range(48);
                view.putInt(56, random.nextInt(maxTransfer + 1));
            }
            case WRITE -> {
                range(48);
                view.putInt(56, payload);
            }
            case BATCH_FORGET -> view.putInt(40, payload / 16);
            case SETATTR, FALLOCATE -> {
                range(48);
                range(56);
            }
            case LSEEK -> range(48);
            case COPY_FILE_RANGE, COPY_FILE_RANGE_64 -> {
                range(48);
                range(72);
                range(80);
            }
            default -> {
                // Whatever the noise says.
            }
        }
    }

    /** A positive number small enough that two of them and a size never overflow. */
    private void range(int at) {
        view.putLong(at, random.nextLong(1, 1L << random.nextInt(1, 62)));
    }

    private void flipBits() {
        for (int flips = random.nextInt(1, 5); flips > 0; flips--) {
            bytes[random.nextInt(received)] ^= (byte) (1 << random.nextInt(8));
        }
    }

    private void boundaryInBody() {
        int fields = Math.min(received - 40, 88) / 4;
        if (fields < 2) {
            return;
        }
        int at = 40 + 4 * random.nextInt(fields);
        if (random.nextBoolean() || at + 8 > received) {
            view.putInt(at, (int) boundary());
        } else {
            view.putLong(at, boundary());
        }
    }

    private void resize(int length) {
        received = length;
        view.putInt(0, length);
    }

    private long boundary() {
        return BOUNDARIES[random.nextInt(BOUNDARIES.length)] + (random.nextInt(4) == 0 ? random.nextInt(-1, 2) : 0);
    }
}
