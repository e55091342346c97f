package dev.weir.storage.qcow2;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a guest did to its disk and when, and so what may be found there. Where changes were in flight at the same time,
 * each sector has the value of one of them. Not thread-safe.
 */
final class GuestHistory {
    static final int NEVER = Integer.MAX_VALUE;
    private static final int SECTOR = 512;
    private static final byte[] ZEROES = new byte[SECTOR];

    /** A change of a range, or what may have been one. */
    static final class Change {
        private final long offset;
        private final long length;
        private final byte @Nullable [] data;
        private final boolean certain;
        private final String description;
        final int begun;
        int ended = NEVER;

        /** When it was stable: at the end of a flush that began after it had ended. */
        int stable = NEVER;

        private Change(
                long offset, long length, byte @Nullable [] data, boolean certain, String description, int begun) {
            this.offset = offset;
            this.length = length;
            this.data = data;
            this.certain = certain;
            this.description = description;
            this.begun = begun;
        }

        private boolean covers(long from, long to) {
            return offset <= from && to <= offset + length;
        }

        private boolean explains(byte[] actual, int at, long position, int count) {
            if (data != null) {
                int from = (int) (position - offset);
                return Arrays.equals(actual, at, at + count, data, from, from + count);
            }
            return Arrays.equals(actual, at, at + count, ZEROES, 0, count);
        }
    }

    /** A length that the disk has had, or nearly. */
    record Length(long length, Change change) {}

    private final List<Change> changes = new ArrayList<>();
    private final List<Length> lengths = new ArrayList<>();
    private byte[] base;
    private long length;

    /** @param contents of the disk when it began */
    GuestHistory(byte[] contents) {
        base = contents.clone();
        length = contents.length;
        var always = new Change(0, 0, null, true, "made", -1);
        always.ended = -1;
        always.stable = -1;
        lengths.add(new Length(length, always));
    }

    long length() {
        return length;
    }

    /** What is there if nothing has happened since it was settled. */
    byte[] contents() {
        return Arrays.copyOf(base, Math.toIntExact(length));
    }

    /**
     * A change begins.
     *
     * @param data null for zeroes
     * @param certain whether it has happened when it has ended
     */
    Change begin(long offset, long bytes, byte @Nullable [] data, boolean certain, String description, int time) {
        var change = new Change(offset, bytes, data, certain, description, time);
        changes.add(change);
        return change;
    }

    /** The disk is about to have another length; nothing else is in flight. */
    Length beginResize(long newLength, int begun) {
        long from = Math.min(length, newLength);
        long to = Math.max(length, newLength);
        if (to > base.length) {
            base = Arrays.copyOf(base, Math.toIntExact(to));
        }
        // What is cut off is gone only when it is gained again: a disk that crashes may still be the longer one.
        Change change = begin(from, to - from, null, newLength > length, "resize to " + newLength, begun);
        var entry = new Length(newLength, change);
        lengths.add(entry);
        return entry;
    }

    void resized(Length entry, int ended) {
        entry.change.ended = ended;
        length = entry.length;
    }

    /** What is wrong with that length after a crash; null where nothing is. */
    @Nullable
    String judgeLength(long actual, int time) {
        int begun = -1;
        for (Length entry : lengths) {
            if (entry.change.stable < time) {
                begun = entry.change.begun;
            }
        }
        for (Length entry : lengths) {
            if (entry.length == actual && entry.change.begun < time && entry.change.ended >= begun) {
                return null;
            }
        }
        return "the disk is " + actual + " bytes long";
    }

    /** A flush that came at {@code begun} has ended. */
    void flushed(int begun, int ended) {
        for (Change change : changes) {
            if (change.ended < begun) {
                change.stable = Math.min(change.stable, ended);
            }
        }
    }

    /** What a read, in flight from {@code begun} to {@code ended}, must not have found; null where it is all right. */
    @Nullable
    String judgeRead(long offset, byte[] actual, int begun, int ended) {
        return judge(offset, actual, change -> change.ended < begun, ended);
    }

    /** The same of what was left by a crash at that time. */
    @Nullable
    String judgeCrash(byte[] actual, int time) {
        return judge(0, actual, change -> change.stable < time, time);
    }

    private @Nullable String judge(long offset, byte[] actual, Predicate<Change> over, int until) {
        long end = offset + actual.length;
        List<Change> near = new ArrayList<>();
        for (Change change : changes) {
            if (change.begun < until && change.offset < end && offset < change.offset + change.length) {
                near.add(change);
            }
        }
        long[] borders = new long[2 * near.size() + 1];
        for (int i = 0; i < near.size(); i++) {
            borders[2 * i] = Math.max(offset, near.get(i).offset);
            borders[2 * i + 1] = Math.min(end, near.get(i).offset + near.get(i).length);
        }
        borders[2 * near.size()] = end;
        Arrays.sort(borders);
        long from = offset;
        for (long to : borders) {
            String wrong = from == to ? null : judgeSegment(offset, actual, from, to, near, over);
            if (wrong != null) {
                return wrong;
            }
            from = to;
        }
        return null;
    }

    private @Nullable String judgeSegment(
            long offset, byte[] actual, long from, long to, List<Change> near, Predicate<Change> over) {
        List<Change> possible = new ArrayList<>();
        int lastBegun = -1;
        for (Change change : near) {
            if (change.covers(from, to)) {
                possible.add(change);
                if (change.certain && over.test(change)) {
                    lastBegun = Math.max(lastBegun, change.begun);
                }
            }
        }
        int begun = lastBegun;
        possible.removeIf(change -> change.ended < begun);
        boolean baseToo = begun < 0;
        for (long at = from; at < to; ) {
            int n = (int) Math.min(to - at, SECTOR - at % SECTOR);
            int index = (int) (at - offset);
            if (!(baseToo && explainsBase(actual, index, at, n)) && !explained(possible, actual, index, at, n)) {
                return wrong(at, Arrays.copyOfRange(actual, index, index + n), possible, baseToo);
            }
            at += n;
        }
        return null;
    }

    private static boolean explained(List<Change> possible, byte[] actual, int index, long at, int count) {
        for (Change change : possible) {
            if (change.explains(actual, index, at, count)) {
                return true;
            }
        }
        return false;
    }

    private boolean explainsBase(byte[] actual, int index, long at, int count) {
        int there = (int) Math.max(0, Math.min(count, base.length - at));
        return there == count && Arrays.equals(actual, index, index + count, base, (int) at, (int) at + count);
    }

    private String wrong(long at, byte[] found, List<Change> possible, boolean baseToo) {
        var text =
                new StringBuilder("bytes " + at + "+" + found.length + " have none of the values that they may have:");
        possible.forEach(change -> text.append(" [").append(change.description).append(']'));
        if (baseToo) {
            text.append(" [what was there before]");
        }
        text.append("; found ").append(Arrays.toString(Arrays.copyOf(found, 8)));
        for (Change change : changes) {
            if (change.covers(at, at + found.length) && change.explains(found, 0, at, found.length)) {
                text.append(", as [").append(change.description).append("] has it");
            }
        }
        if (explainsBase(found, 0, at, found.length)) {
            text.append(", as it was before");
        }
        return text.toString();
    }

    /** Ranges that were changed, or may have been, since it was settled; within the disk, in order, none overlapping. */
    List<long[]> changed() {
        List<long[]> ranges = new ArrayList<>();
        changes.stream()
                .sorted((one, other) -> Long.compare(one.offset, other.offset))
                .forEach(change -> {
                    long end = Math.min(length, change.offset + change.length);
                    long[] last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
                    if (last != null && change.offset <= last[1]) {
                        last[1] = Math.max(last[1], end);
                    } else if (end > change.offset) {
                        ranges.add(new long[] {change.offset, end});
                    }
                });
        return ranges;
    }

    /** What was found there, and was all right, is what must be found from now on. */
    void settle(long offset, byte[] actual) {
        System.arraycopy(actual, 0, base, (int) offset, actual.length);
    }

    /** Nothing is in flight, and everything in {@link #changed} was settled. */
    void forget() {
        changes.clear();
        Arrays.fill(base, Math.toIntExact(length), base.length, (byte) 0);
    }
}
