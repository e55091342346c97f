package dev.weir.storage.qcow2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * One thing that a guest does with its disk. Ranges are cut to the disk when the time has come, so that any part of a
 * script is a script.
 *
 * @param tag of what is written; 0 for zeroes
 * @param flag of writes: force unit access; of zeroing: may unmap
 */
record GuestOp(Kind kind, long offset, long length, int tag, boolean flag) {
    private static final VarHandle INTS = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    enum Kind {
        WRITE,
        ZERO,
        DISCARD,
        READ,
        FLUSH,
        /** To {@code length} bytes, when everything before has ended. */
        RESIZE,
        /** Waits for everything before, and looks at the disk. */
        SETTLE,
        REOPEN,
        SNAPSHOT,
        APPLY,
        DELETE
    }

    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT) + " " + offset + " " + length + " " + tag + (flag ? " f" : "");
    }

    /** Reads what {@link #toString} says, separated by semicolons. */
    static List<GuestOp> parse(String script) {
        List<GuestOp> ops = new ArrayList<>();
        for (String line : script.split(";", -1)) {
            String[] words = line.trim().split(" +", -1);
            if (words.length >= 4) {
                ops.add(new GuestOp(
                        Kind.valueOf(words[0].toUpperCase(Locale.ROOT)),
                        Long.parseLong(words[1]),
                        Long.parseLong(words[2]),
                        Integer.parseInt(words[3]),
                        words.length > 4));
            }
        }
        return ops;
    }

    /** The bytes that a write with that tag writes at that place: no two sectors of a disk are alike, unless they are zero. */
    static byte[] data(int tag, long offset, int length) {
        byte[] data = new byte[length];
        if (tag == 0) {
            return data;
        }
        int hash = tag * 0x9e3779b1 | 1;
        int i = 0;
        if ((offset & 3) == 0) {
            for (; i + 3 < length; i += 4) {
                INTS.set(data, i, hash ^ (int) (offset + i >>> 9 & 0xff) * 0x01010101);
            }
        }
        for (; i < length; i++) {
            long at = offset + i;
            data[i] = (byte) (hash >>> 8 * (int) (at & 3) ^ at >>> 9);
        }
        return data;
    }

    /**
     * What a script is made of.
     *
     * @param length of the disk, about
     * @param unit that offsets and lengths are multiples of
     * @param cluster where ranges like to begin and end
     * @param largest range
     * @param resizes whether there may be any
     * @param snapshots whether there may be any
     */
    record Mix(long length, int unit, int cluster, int largest, boolean resizes, boolean reopens, boolean snapshots) {
        List<GuestOp> script(Random random, int count, int settleEvery) {
            List<GuestOp> ops = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                ops.add(
                        settleEvery > 0 && i % settleEvery == settleEvery - 1
                                ? new GuestOp(Kind.SETTLE, 0, 0, 0, false)
                                : next(random, i + 1, ops));
            }
            return ops;
        }

        private GuestOp next(Random random, int tag, List<GuestOp> before) {
            int dice = random.nextInt(1000);
            if (dice < 4 && resizes) {
                // The size of a qcow2 image is a number of sectors, however small ranges are.
                long size = (length / 2 + random.nextLong(length)) / Math.max(512, unit) * Math.max(512, unit);
                return new GuestOp(Kind.RESIZE, 0, size, 0, false);
            } else if (dice < 7 && reopens) {
                return new GuestOp(Kind.REOPEN, 0, 0, 0, false);
            } else if (dice < 13 && snapshots) {
                Kind kind = dice < 10 ? Kind.SNAPSHOT : dice < 12 ? Kind.DELETE : Kind.APPLY;
                return new GuestOp(kind, 0, 0, random.nextInt(3), false);
            }
            long[] range = range(random);
            if (!before.isEmpty() && random.nextInt(4) == 0) {
                // Where somebody is at work already.
                GuestOp other = before.get(before.size() - 1 - random.nextInt(Math.min(4, before.size())));
                range = other.kind().compareTo(Kind.FLUSH) < 0 ? new long[] {other.offset(), other.length()} : range;
            }
            int percent = random.nextInt(100);
            Kind kind = percent < 45
                    ? Kind.WRITE
                    : percent < 60 ? Kind.ZERO : percent < 73 ? Kind.DISCARD : percent < 93 ? Kind.READ : Kind.FLUSH;
            boolean zeroes = kind == Kind.WRITE && random.nextInt(20) == 0;
            boolean flag = kind == Kind.WRITE ? random.nextInt(30) == 0 : kind == Kind.ZERO && random.nextBoolean();
            return new GuestOp(kind, range[0], range[1], zeroes ? 0 : tag, flag);
        }

        /** Many small ranges, often of whole clusters, often where others are. */
        private long[] range(Random random) {
            long places = Math.max(1, length / unit);
            long at = random.nextInt(3) == 0
                    ? random.nextLong(Math.max(1, places / 8)) * unit
                    : random.nextLong(places) * unit;
            int most = random.nextInt(10) == 0
                    ? largest
                    : Math.min(largest, Math.max(2 * unit, Math.min(16 << 10, cluster / 2)));
            long bytes = round(1 + random.nextInt(most));
            if (random.nextInt(cluster > 32 << 10 ? 10 : 3) == 0) {
                at = at / cluster * cluster;
                bytes = Math.min(largest / cluster, 1 + random.nextInt(3)) * (long) cluster;
                bytes = Math.max(bytes, unit);
            }
            return new long[] {at, bytes};
        }

        private long round(long bytes) {
            return Math.max(unit, bytes / unit * unit);
        }
    }
}
