package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.OptionReader;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The options that every node has, whatever its driver.
 *
 * @param nodeName null where the graph makes one up
 * @param autoReadOnly whether a node that cannot be opened for writing is opened read-only instead
 * @param discardUnmap whether discards reach the device
 */
record CommonOptions(
        @Nullable String nodeName,
        boolean readOnly,
        boolean autoReadOnly,
        boolean forceShare,
        boolean discardUnmap,
        DetectZeroes detectZeroes,
        boolean cacheDirect,
        boolean cacheNoFlush) {
    enum DetectZeroes {
        OFF,
        ON,
        UNMAP
    }

    private enum Discard {
        IGNORE,
        UNMAP
    }

    /** What a node has that sets nothing and has no parent. */
    static final CommonOptions DEFAULTS =
            new CommonOptions(null, false, false, false, false, DetectZeroes.OFF, false, false);

    private static final int NAME_MAX = 31;
    private static final Pattern WELL_FORMED = Pattern.compile("[A-Za-z][A-Za-z0-9._-]*");

    /** Takes the common options from the reader; those of {@code parent} stand where the node sets nothing. */
    static CommonOptions take(OptionReader options, CommonOptions parent) {
        String name = options.string("node-name", null);
        if (name != null) {
            requireName(name);
        }
        boolean readOnly = options.flag("read-only", parent.readOnly);
        boolean autoReadOnly = options.flag("auto-read-only", false);
        boolean forceShare = options.flag("force-share", parent.forceShare);
        boolean unmap = options.choice("discard", Discard.class, parent.discardUnmap ? Discard.UNMAP : Discard.IGNORE)
                == Discard.UNMAP;
        DetectZeroes detectZeroes = options.choice("detect-zeroes", DetectZeroes.class, DetectZeroes.OFF);
        OptionReader cache = options.group("cache");
        boolean direct = cache.flag("direct", options.flag("cache.direct", parent.cacheDirect));
        boolean noFlush = cache.flag("no-flush", options.flag("cache.no-flush", parent.cacheNoFlush));
        cache.end();
        if (detectZeroes == DetectZeroes.UNMAP && !unmap) {
            throw invalid("setting detect-zeroes to unmap is not allowed without setting discard operation to unmap");
        }
        if (forceShare && !readOnly) {
            throw invalid("force-share=on can only be used with read-only images");
        }
        return new CommonOptions(name, readOnly, autoReadOnly, forceShare, unmap, detectZeroes, direct, noFlush);
    }

    private static void requireName(String name) {
        if (!WELL_FORMED.matcher(name).matches()) {
            throw invalid("Invalid node-name: '" + name + "'");
        }
        if (name.length() > NAME_MAX) {
            throw invalid("Node name too long");
        }
    }

    /** The flags of a {@code writeZeroes} without what the node does not allow. */
    Set<WriteFlag> permitted(Set<WriteFlag> flags) {
        if (discardUnmap || !flags.contains(WriteFlag.MAY_UNMAP)) {
            return flags;
        }
        Set<WriteFlag> permitted = EnumSet.copyOf(flags);
        permitted.remove(WriteFlag.MAY_UNMAP);
        return permitted;
    }

    /** The flags of a write that turned out to be a {@code writeZeroes}. */
    Set<WriteFlag> detected(Set<WriteFlag> flags) {
        if (detectZeroes != DetectZeroes.UNMAP) {
            return flags;
        }
        Set<WriteFlag> detected = EnumSet.of(WriteFlag.MAY_UNMAP);
        detected.addAll(flags);
        return detected;
    }

    CommonOptions asReadOnly() {
        return new CommonOptions(
                nodeName, true, autoReadOnly, forceShare, discardUnmap, detectZeroes, cacheDirect, cacheNoFlush);
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
