package dev.weir.engine.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/**
 * The mounts of the exports that this JVM started, as the kernel lists them. A mount is never touched here: whatever
 * reads or stats one may hang for as long as its server does.
 */
final class FuseMounts {
    private static final Path MOUNT_TABLE = Path.of("/proc/self/mountinfo");
    private static final Path CONNECTIONS = Path.of("/sys/fs/fuse/connections");
    private static final Pattern ESCAPE = Pattern.compile("\\\\([0-7]{3})");
    private static final Set<Path> WATCHED = ConcurrentHashMap.newKeySet();

    private FuseMounts() {}

    /** One mount of ours; {@code connection} is its directory in fusectl. */
    record Mount(String connection, Path mountpoint, String options) {}

    /** Makes mounts on this file a matter of the watchdog. */
    static void watch(Path mountpoint) {
        WATCHED.add(mountpoint);
    }

    static boolean isMounted(Path mountpoint) {
        return all().stream().anyMatch(mount -> mount.mountpoint().equals(mountpoint));
    }

    static Mount at(Path mountpoint) {
        return all().stream()
                .filter(mount -> mount.mountpoint().equals(mountpoint))
                .findFirst()
                .orElseThrow();
    }

    /** Requests that have no answer yet, as the kernel counts them. */
    static int waiting(Path mountpoint) {
        Path file = CONNECTIONS.resolve(at(mountpoint).connection()).resolve("waiting");
        try {
            return Integer.parseInt(Files.readString(file).strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Those on watched files. */
    static List<Mount> watched() {
        return all().stream()
                .filter(mount -> WATCHED.contains(mount.mountpoint()))
                .toList();
    }

    static List<Mount> all() {
        try {
            return Files.readAllLines(MOUNT_TABLE).stream()
                    .map(line -> line.split(" "))
                    .filter(fields -> String.join(" ", fields).contains(" - fuse.weir "))
                    .map(fields -> new Mount(
                            fields[2].substring(fields[2].indexOf(':') + 1),
                            Path.of(unescape(fields[4])),
                            fields[5] + "," + fields[fields.length - 1]))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String unescape(String field) {
        return ESCAPE.matcher(field)
                .replaceAll(match -> String.valueOf((char) Integer.parseInt(match.group(1), 8))
                        .replace("\\", "\\\\")
                        .replace("$", "\\$"));
    }

    /** Fails every request of the connection, now and later: the only way out for clients of a server that hangs. */
    static void abort(Mount mount) {
        try {
            if (!Files.exists(CONNECTIONS.resolve(mount.connection()))) {
                Client.run("mount", "-t", "fusectl", "none", CONNECTIONS.toString());
            }
            Files.writeString(CONNECTIONS.resolve(mount.connection()).resolve("abort"), "1", StandardCharsets.US_ASCII);
        } catch (IOException e) {
            // It ended by itself.
        }
    }

    /** Takes the mounts away, whoever still uses them. */
    static void remove(List<Mount> mounts) {
        for (Mount mount : mounts) {
            abort(mount);
            Client.run("umount", "-l", mount.mountpoint().toString());
        }
    }
}
