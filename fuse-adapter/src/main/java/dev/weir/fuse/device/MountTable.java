package dev.weir.fuse.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The mounts of this process's namespace, from /proc/self/mountinfo (proc_pid_mountinfo(5)): how to learn about a mount
 * without touching it.
 */
public final class MountTable {
    private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");

    private MountTable() {}

    /**
     * One mount.
     *
     * @param id of the mount
     * @param parent id of the mount that it is mounted on; of the one below it where two are stacked
     * @param device {@code major:minor} of its {@code st_dev}; for FUSE, minor is the number of the connection in fusectl
     * @param mountpoint as the kernel has it, without symbolic links; a text, because a path of somebody else's need not
     *     be one in the character set of this process
     * @param type such as {@code ext4} or {@code fuse.weir}
     */
    public record Entry(int id, int parent, String device, String mountpoint, String type) {
        public boolean isFuse() {
            return type.equals("fuse") || type.startsWith("fuse.");
        }
    }

    /** All mounts. */
    public static List<Entry> read() {
        var entries = new ArrayList<Entry>();
        try {
            // Not line by line: a carriage return in a path is not escaped.
            for (String line : new String(Files.readAllBytes(MOUNTINFO), StandardCharsets.ISO_8859_1).split("\n")) {
                entries.add(parse(line));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + MOUNTINFO, e);
        }
        return entries;
    }

    /** What is mounted right at {@code mountpoint}, the topmost. */
    public static Optional<Entry> topmost(Path mountpoint) {
        return topmost(read(), mountpoint.toString());
    }

    static Optional<Entry> topmost(List<Entry> table, String mountpoint) {
        List<Entry> stack = table.stream()
                .filter(entry -> entry.mountpoint.equals(mountpoint))
                .toList();
        return stack.stream()
                .filter(entry -> stack.stream().noneMatch(above -> above.parent == entry.id))
                .reduce((first, last) -> last);
    }

    static Entry parse(String line) {
        String[] fields = line.split(" ");
        int separator = 6;
        while (!fields[separator].equals("-")) {
            separator++;
        }
        return new Entry(
                Integer.parseInt(fields[0]),
                Integer.parseInt(fields[1]),
                fields[2],
                unescape(fields[4]),
                unescape(fields[separator + 1]));
    }

    /** Blank, tab, newline and backslash stand as octal. The bytes are those of the path, whatever its encoding. */
    private static String unescape(String field) {
        var bytes = new byte[field.length()];
        int length = 0;
        for (int i = 0; i < field.length(); i++) {
            char c = field.charAt(i);
            if (c == '\\' && i + 3 < field.length()) {
                bytes[length++] = (byte) Integer.parseInt(field.substring(i + 1, i + 4), 8);
                i += 3;
            } else {
                bytes[length++] = (byte) c;
            }
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
