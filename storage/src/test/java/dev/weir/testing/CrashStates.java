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

    /** Shows states of each point: the one without anything that needs not be there, the one with everything, and others. */
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
                String parts = apply(files, open, i, new Random(seed));
                visitor.state(time, files, "crash after entry " + reached + " of " + entries.size() + ", " + parts);
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

    private String apply(List<MemoryFile> files, List<Integer> open, int variant, Random random) {
        int[] share = {0, 100, 50, 10, 90};
        int percent = variant < share.length ? share[variant] : random.nextInt(101);
        // As a process dies: the first ones, and no other.
        boolean prefix = variant >= 2 && random.nextInt(4) == 0;
        int last = prefix ? random.nextInt(open.size() + 1) : open.size();
        int torn = random.nextInt(100) < 60 ? 0 : random.nextInt(50);
        int lengthChanges = percent == 100 ? open.size() : percent == 0 ? 0 : random.nextInt(open.size() + 1);
        var description = new StringBuilder("with");
        for (int i = 0; i < open.size(); i++) {
            Entry entry = entries.get(open.get(i));
            boolean there;
            if (i >= last) {
                there = entry.forced();
            } else if (entry.kind() == DeviceFilter.Kind.TRUNCATE) {
                there = prefix || i < lengthChanges;
            } else {
                there = entry.forced() || prefix || random.nextInt(100) < percent;
            }
            boolean tear = !entry.forced() && !prefix && percent < 100 && percent > 0 && random.nextInt(100) < torn;
            if (tear && entry.data() != null && entry.length() > SECTOR) {
                apply(files.get(entry.file()), entry, random);
                description.append(" parts of ").append(open.get(i));
            } else if (there) {
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
