package dev.weir.testing;

import dev.weir.testing.WriteLog.Entry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * What may be left of files after a crash. What had ended when a flush of its file came is there when the flush has ended;
 * of the rest, any part may be there, in units of a sector. Changes of the length keep their order, as a journal keeps it.
 */
public final class CrashStates {
    private static final int SECTOR = 512;

    /** Is told a state. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * @param time of the crash, exclusive: the first time of the log that was not reached
         * @param files in the order of {@link WriteLog#record}; the visitor's own
         * @param description for people
         */
        void state(int time, List<MemoryFile> files, String description);
    }

    private final List<Entry> entries;
    private final int end;
    private final List<MemoryFile> stable = new ArrayList<>();

    /** For each entry, whether it is in {@link #stable}. */
    private final boolean[] applied;

    /**
     * @param before what the files were when the log began
     * @param log to which nothing more is added
     */
    public CrashStates(List<MemoryFile> before, WriteLog log) {
        before.forEach(file -> stable.add(file.copy()));
        entries = log.entries();
        end = log.tick();
        applied = new boolean[entries.size()];
        if (before.size() != log.files()) {
            throw new IllegalArgumentException("the log has " + log.files() + " files");
        }
    }

    /** How many points there are at which it may crash. */
    public int points() {
        return entries.size() + 1;
    }

    /** Shows some states of each point. */
    public void visit(int statesPerPoint, Random random, Visitor visitor) {
        int[] stableBefore = new int[stable.size()];
        for (int reached = 0; reached <= entries.size(); reached++) {
            if (reached > 0 && entries.get(reached - 1).kind() == DeviceFilter.Kind.FLUSH) {
                Entry flush = entries.get(reached - 1);
                stableBefore[flush.file()] = Math.max(stableBefore[flush.file()], flush.begun());
                settle(reached, stableBefore);
            }
            int time = reached == entries.size() ? end : entries.get(reached).ended();
            List<Integer> open = new ArrayList<>();
            for (int i = 0; i < reached; i++) {
                if (!applied[i] && entries.get(i).kind().changes()) {
                    open.add(i);
                }
            }
            boolean afterFlush = reached > 0 && entries.get(reached - 1).kind() == DeviceFilter.Kind.FLUSH;
            if (open.isEmpty() && !afterFlush) {
                continue;
            }
            int states = open.isEmpty() ? 1 : statesPerPoint;
            for (int i = 0; i < states; i++) {
                long seed = random.nextLong();
                var files = stable.stream().map(MemoryFile::copy).toList();
                String parts = apply(files, open, new Random(seed));
                visitor.state(time, files, "crash after entry " + reached + " of " + entries.size() + " with " + parts);
            }
        }
    }

    /** Makes stable what flushes say is. In order of the end, which is the order in which writes to one place count. */
    private void settle(int reached, int[] stableBefore) {
        for (int i = 0; i < reached; i++) {
            Entry entry = entries.get(i);
            if (!applied[i] && entry.kind().changes() && entry.ended() < stableBefore[entry.file()]) {
                apply(stable.get(entry.file()), entry, null);
                applied[i] = true;
            }
        }
    }

    /** Which of the entries that need not be there are. */
    private enum Part {
        NONE,
        ALL,
        /** As a process dies. */
        FIRST,
        ONE,
        ALL_BUT_ONE,
        SOME,
        SOME_IN_PARTS;

        private static Part any(Random random) {
            return values()[random.nextInt(values().length)];
        }
    }

    private String apply(List<MemoryFile> files, List<Integer> open, Random random) {
        Part part = Part.any(random);
        int one = random.nextInt(Math.max(1, open.size()));
        int percent = 1 + random.nextInt(99);
        int lengthChanges = random.nextInt(open.size() + 1);
        var description = new StringBuilder(part.toString());
        for (int i = 0; i < open.size(); i++) {
            Entry entry = entries.get(open.get(i));
            boolean some =
                    entry.kind() == DeviceFilter.Kind.TRUNCATE ? i < lengthChanges : random.nextInt(100) < percent;
            boolean there = switch (part) {
                case NONE -> false;
                case ALL -> true;
                case FIRST -> i < one;
                case ONE -> i == one;
                case ALL_BUT_ONE -> i != one;
                default -> some;
            };
            boolean tear = part == Part.SOME_IN_PARTS && entry.length() > SECTOR && random.nextInt(3) == 0;
            if (tear && entry.data() != null && !entry.forced()) {
                apply(files.get(entry.file()), entry, random);
                description.append(" parts of ").append(open.get(i));
            } else if (there || entry.forced()) {
                apply(files.get(entry.file()), entry, null);
                description.append(' ').append(open.get(i));
            }
        }
        return description.toString();
    }

    private static void apply(MemoryFile file, Entry entry, @Nullable Random tear) {
        byte[] data = entry.data();
        switch (entry.kind()) {
            case WRITE -> {
                if (data == null) {
                    throw new IllegalStateException("a write without data");
                } else if (tear == null) {
                    file.put(entry.offset(), data);
                } else {
                    tear(file, entry.offset(), data, tear);
                }
            }
            case ZERO, DISCARD -> file.zero(entry.offset(), entry.length());
            case TRUNCATE -> file.resize(entry.offset());
            default -> throw new IllegalStateException("changes nothing: " + entry.kind());
        }
    }

    private static void tear(MemoryFile file, long offset, byte[] data, Random random) {
        for (int at = 0; at < data.length; ) {
            int n = (int) Math.min(data.length - at, SECTOR - (offset + at) % SECTOR);
            if (random.nextBoolean()) {
                file.put(offset + at, Arrays.copyOfRange(data, at, at + n));
            }
            at += n;
        }
    }
}
