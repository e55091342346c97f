package dev.weir.storage.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weir.storage.image.ImageSnapshot;
import java.nio.ByteBuffer;
import java.time.Instant;

/**
 * An entry of the snapshot table.
 *
 * @param l1Offset as it stands there: see {@link #requireSound}
 * @param l1Entries likewise; unsigned
 * @param idBytes UTF-8, usually a decimal number; not to be changed
 * @param nameBytes UTF-8; not to be changed
 * @param vmClockNanos nanoseconds that the machine had run
 * @param vmStateSize bytes
 * @param extra the extra data as it stands there, of which some may be unknown; not to be changed
 */
record Snapshot(
        long l1Offset,
        int l1Entries,
        byte[] idBytes,
        byte[] nameBytes,
        Instant date,
        long vmClockNanos,
        long vmStateSize,
        byte[] extra) {
    static final int FIXED = 40;
    static final int MAX_EXTRA = 1024;

    /** The extra data that version 3 asks for: the size of the machine's state, and of the disk. */
    static final int EXTRA_V3 = 16;

    private static final int EXTRA_KNOWN = 24;

    /** A snapshot with all extra data that is known. */
    static Snapshot of(long l1Offset, int l1Entries, String id, String name, Instant date, long diskSize) {
        byte[] extra = new byte[EXTRA_KNOWN];
        ByteBuffer.wrap(extra).putLong(0, 0).putLong(8, diskSize).putLong(16, -1);
        return new Snapshot(l1Offset, l1Entries, id.getBytes(UTF_8), name.getBytes(UTF_8), date, 0, 0, extra);
    }

    String id() {
        return new String(idBytes, UTF_8);
    }

    String name() {
        return new String(nameBytes, UTF_8);
    }

    /**
     * The virtual size in bytes when it was taken.
     *
     * @param imageSize what it is where the entry does not tell
     */
    long diskSize(long imageSize) {
        return extra.length >= EXTRA_V3 ? ByteBuffer.wrap(extra).getLong(8) : imageSize;
    }

    /** Instructions that the machine had executed, or -1. */
    long icount() {
        return extra.length >= EXTRA_KNOWN ? ByteBuffer.wrap(extra).getLong(16) : -1;
    }

    /** With the extra data that version 3 asks for. */
    Snapshot completed(long imageSize) {
        if (extra.length >= EXTRA_V3) {
            return this;
        }
        byte[] complete = new byte[EXTRA_V3];
        ByteBuffer.wrap(complete).putLong(0, vmStateSize).putLong(8, imageSize);
        return new Snapshot(l1Offset, l1Entries, idBytes, nameBytes, date, vmClockNanos, vmStateSize, complete);
    }

    /** Its L1 table is where one may be. To be called before it is used. */
    void requireSound(Geometry geometry) {
        HeaderParser.requireTable(
                geometry, "Snapshot L1 table", l1Offset, l1Entries & 0xffffffffL, 8, HeaderParser.MAX_L1_BYTES);
    }

    /** The bytes of its entry, without what aligns the next one. */
    int length() {
        return FIXED + extra.length + idBytes.length + nameBytes.length;
    }

    /** Big endian. */
    void put(ByteBuffer to) {
        to.putLong(l1Offset)
                .putInt(l1Entries)
                .putShort((short) idBytes.length)
                .putShort((short) nameBytes.length)
                .putInt((int) date.getEpochSecond())
                .putInt(date.getNano())
                .putLong(vmClockNanos)
                .putInt((int) Math.min(vmStateSize, 0xffffffffL))
                .putInt(extra.length)
                .put(extra)
                .put(idBytes)
                .put(nameBytes);
    }

    /** @return the bytes of the entry that starts with these {@link #FIXED} bytes */
    static int length(ByteBuffer at) {
        int start = at.position();
        int extra = at.getInt(start + 36);
        if (extra < 0 || extra > MAX_EXTRA) {
            throw HeaderParser.invalid("Too much extra metadata in a snapshot table entry");
        }
        return FIXED + extra + (at.getShort(start + 12) & 0xffff) + (at.getShort(start + 14) & 0xffff);
    }

    /** Takes an entry that is wholly there. */
    static Snapshot take(ByteBuffer from) {
        long l1Offset = from.getLong();
        int l1Entries = from.getInt();
        byte[] id = new byte[from.getShort() & 0xffff];
        byte[] name = new byte[from.getShort() & 0xffff];
        long seconds = from.getInt() & 0xffffffffL;
        Instant date = Instant.ofEpochSecond(seconds, from.getInt() & 0xffffffffL);
        long clock = from.getLong();
        long vmState = from.getInt() & 0xffffffffL;
        byte[] extra = new byte[from.getInt()];
        from.get(extra).get(id).get(name);
        if (extra.length >= 8) {
            vmState = ByteBuffer.wrap(extra).getLong(0);
        }
        return new Snapshot(l1Offset, l1Entries, id, name, date, clock, vmState, extra);
    }

    ImageSnapshot describe(long imageSize) {
        return new ImageSnapshot(id(), name(), vmStateSize, date, vmClockNanos, diskSize(imageSize), icount());
    }
}
