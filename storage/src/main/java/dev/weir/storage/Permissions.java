package dev.weir.storage;

import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/**
 * The permissions that a user of a node takes, and those that it lets others have meanwhile.
 *
 * @param used what the user does
 * @param shared what others may do
 */
public record Permissions(Set<Permission> used, Set<Permission> shared) {
    /** Everything, for {@code shared}. */
    public static final Set<Permission> ALL = Collections.unmodifiableSet(EnumSet.allOf(Permission.class));

    /** Nothing used, everything shared: a node without users. */
    public static final Permissions NONE = new Permissions(Set.of(), ALL);

    /** Reads while others may do anything but change the image. */
    public static final Permissions READ = new Permissions(
            EnumSet.of(Permission.CONSISTENT_READ), EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED));

    /** Reads, writes and resizes; others may only read. */
    public static final Permissions WRITE = new Permissions(
            EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE, Permission.RESIZE),
            EnumSet.of(Permission.CONSISTENT_READ, Permission.WRITE_UNCHANGED));

    public Permissions {
        used = Collections.unmodifiableSet(used.isEmpty() ? EnumSet.noneOf(Permission.class) : EnumSet.copyOf(used));
        shared = Collections.unmodifiableSet(
                shared.isEmpty() ? EnumSet.noneOf(Permission.class) : EnumSet.copyOf(shared));
    }

    /** The same, while others may do anything. */
    public Permissions sharingAll() {
        return new Permissions(used, ALL);
    }

    /** Whether the user writes or resizes. */
    public boolean writes() {
        return used.contains(Permission.WRITE)
                || used.contains(Permission.WRITE_UNCHANGED)
                || used.contains(Permission.RESIZE);
    }

    /** What a node has to grant when both users hold it: the union of what is used, the common part of what is shared. */
    public Permissions and(Permissions other) {
        Set<Permission> bothUsed = EnumSet.noneOf(Permission.class);
        bothUsed.addAll(used);
        bothUsed.addAll(other.used);
        Set<Permission> bothShared = EnumSet.noneOf(Permission.class);
        bothShared.addAll(shared);
        bothShared.retainAll(other.shared);
        return new Permissions(bothUsed, bothShared);
    }

    /** By hand, as {@link #hashCode}: those of a record are linked when they are first called, and a start would wait. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Permissions permissions
                && used.equals(permissions.used)
                && shared.equals(permissions.shared);
    }

    @Override
    public int hashCode() {
        return 31 * used.hashCode() + shared.hashCode();
    }
}
