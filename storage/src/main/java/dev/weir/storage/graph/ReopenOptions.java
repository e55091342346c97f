package dev.weir.storage.graph;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.BlockDriver;
import dev.weir.storage.spi.FilterDriver;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Which options of a node may differ when it is reopened. */
final class ReopenOptions {
    private static final Set<String> COMMON = Set.of(
            "driver",
            "node-name",
            "read-only",
            "auto-read-only",
            "force-share",
            "discard",
            "detect-zeroes",
            "cache",
            "cache.direct",
            "cache.no-flush");

    private ReopenOptions() {}

    /** Refuses another value of an option that cannot change. Whether options that are new exist is not known here. */
    static void requireSame(NodeState former, NodeOptions next) {
        former.described().values().forEach((key, value) -> {
            Object now = next.values().get(key);
            if (now != null && isFixed(key, former) && !same(value, now)) {
                throw ReopenPlan.cannotChange(key);
            }
        });
    }

    /** Refuses options that came or went and cannot. */
    static void requireSameKeys(NodeState former, NodeOptions next) {
        for (String key : former.described().values().keySet()) {
            if (isFixed(key, former) && !next.values().containsKey(key)) {
                throw BlockException.of(
                        BlockErrorKind.INVALID, "Option '" + key + "' cannot be reset to its default value");
            }
        }
        for (String key : next.values().keySet()) {
            if (isFixed(key, former) && !former.described().values().containsKey(key)) {
                throw ReopenPlan.cannotChange(key);
            }
        }
    }

    private static boolean isFixed(String key, NodeState former) {
        BlockDriver driver = former.driver();
        return !COMMON.contains(key)
                && (driver == null
                        || !driver.changeableOptions().contains(key)
                                && !isChild(driver.options().find(key)));
    }

    private static boolean isChild(@Nullable Option<?> option) {
        return option != null && (option.type() == Option.Type.CHILD || option.type() == Option.Type.CHILD_OR_NULL);
    }

    /** What was text on a command line may be a number or a boolean in JSON. */
    private static boolean same(Object one, Object other) {
        return one.toString().equals(other.toString())
                || sameBy(reader -> reader.bytes("value"), one, other)
                || sameBy(reader -> reader.flag("value", false), one, other);
    }

    private static boolean sameBy(Function<OptionReader, Object> reading, Object one, Object other) {
        if (one instanceof NodeOptions || other instanceof NodeOptions) {
            return false;
        }
        try {
            return Objects.equals(reading.apply(value(one)), reading.apply(value(other)));
        } catch (BlockException e) {
            return false;
        }
    }

    private static OptionReader value(Object value) {
        return new OptionReader(
                NodeOptions.builder().set("value", value.toString()).build());
    }

    /** Whether the node has other children, or other options than common ones; a filter shows what its child shows. */
    static boolean mayShowOtherData(NodeState former, NodeState now) {
        BlockDriver driver = now.driver();
        return !now.device().children().equals(former.device().children())
                || (driver != null
                        && !(driver instanceof FilterDriver)
                        && driver.changeableOptions().stream()
                                .anyMatch(key -> !Objects.equals(
                                        now.described().values().get(key),
                                        former.described().values().get(key))));
    }

    /** The same options with another value of one, or one more. */
    static NodeOptions with(NodeOptions options, String changed, NodeOptions next) {
        NodeOptions.Builder builder = NodeOptions.builder();
        if (options.typed()) {
            builder.typed();
        }
        options.values().forEach((key, value) -> {
            Object chosen = key.equals(changed) ? next : value;
            if (chosen instanceof NodeOptions nested) {
                builder.set(key, nested);
            } else if (chosen instanceof Boolean flag) {
                builder.set(key, flag);
            } else if (chosen instanceof Long number) {
                builder.set(key, number);
            } else {
                builder.set(key, chosen.toString());
            }
        });
        if (!options.values().containsKey(changed)) {
            builder.set(changed, next);
        }
        return builder.build().at(options.path());
    }
}
