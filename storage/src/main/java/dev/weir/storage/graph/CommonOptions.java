package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.util.EnumSet;
import java.util.Optional;
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

    private static final Option<Optional<String>> NODE_NAME = Option.string("node-name");
    private static final Option<Optional<Discard>> DISCARD = Option.choice("discard", Discard.class);
    private static final Option<Optional<Boolean>> CACHE_DIRECT = Option.flag("direct");
    private static final Option<Optional<Boolean>> CACHE_NO_FLUSH = Option.flag("no-flush");
    private static final Option<OptionReader> CACHE =
            Option.group("cache", OptionSchema.of(CACHE_DIRECT, CACHE_NO_FLUSH));
    private static final Option<Optional<Boolean>> READ_ONLY = Option.flag("read-only");
    private static final Option<Boolean> AUTO_READ_ONLY = Option.flag("auto-read-only", false);
    private static final Option<Optional<Boolean>> FORCE_SHARE = Option.flag("force-share");
    private static final Option<DetectZeroes> DETECT_ZEROES =
            Option.choice("detect-zeroes", DetectZeroes.class, DetectZeroes.OFF);

    /** What {@link #take} reads. */
    static final OptionSchema SCHEMA =
            OptionSchema.of(NODE_NAME, DISCARD, CACHE, READ_ONLY, AUTO_READ_ONLY, FORCE_SHARE, DETECT_ZEROES);

    private static final int NAME_MAX = 31;
    private static final Pattern WELL_FORMED = Pattern.compile("[A-Za-z][A-Za-z0-9._-]*");

    /** Takes the common options from the reader; those of {@code parent} stand where the node sets nothing. */
    static CommonOptions take(OptionReader options, CommonOptions parent) {
        String name = options.get(NODE_NAME).orElse(null);
        if (name != null) {
            requireName(name);
        }
        boolean readOnly = options.get(READ_ONLY).orElse(parent.readOnly);
        boolean autoReadOnly = options.get(AUTO_READ_ONLY);
        boolean forceShare = options.get(FORCE_SHARE).orElse(parent.forceShare);
        boolean unmap = options.get(DISCARD).map(Discard.UNMAP::equals).orElse(parent.discardUnmap);
        DetectZeroes detectZeroes = options.get(DETECT_ZEROES);
        OptionReader cache = options.get(CACHE);
        boolean direct = cache.get(CACHE_DIRECT).orElse(parent.cacheDirect);
        boolean noFlush = cache.get(CACHE_NO_FLUSH).orElse(parent.cacheNoFlush);
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
