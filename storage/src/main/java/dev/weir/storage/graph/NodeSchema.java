package dev.weir.storage.graph;

import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.BlockDriver;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The options that nodes may have, by their drivers. Immutable; any thread. */
public final class NodeSchema {
    private static final Option<String> DRIVER = Option.requiredString("driver");

    /** Of devices that users made. */
    private static final OptionSchema DRIVERLESS = OptionSchema.of(DRIVER).and(CommonOptions.SCHEMA);

    private final Map<String, BlockDriver> byName;
    private final Map<String, OptionSchema> drivers = new TreeMap<>();
    private final Map<String, OptionSchema> nodes = new TreeMap<>();

    NodeSchema(Map<String, BlockDriver> byName) {
        this.byName = byName;
        byName.forEach((name, driver) -> {
            drivers.put(name, driver.options());
            nodes.put(name, OptionSchema.of(DRIVER).and(CommonOptions.SCHEMA).and(driver.options()));
        });
    }

    /** What every node has besides {@code driver}. */
    public OptionSchema common() {
        return CommonOptions.SCHEMA;
    }

    /** What the nodes of each driver have besides that, by the values of {@code driver}. */
    public Map<String, OptionSchema> drivers() {
        return Collections.unmodifiableMap(drivers);
    }

    /**
     * Refuses options that no node can have, those of children that are described in place included. What they refer to
     * is not looked at.
     *
     * @throws BlockException of kind INVALID with QEMU's text
     */
    public void check(NodeOptions options) {
        schema(options).check(options, this::check);
    }

    /** As {@link #check}, for a node that is there, which may have a device that a user made. */
    void check(NodeState state, NodeOptions options) {
        if (state.driver() == null) {
            DRIVERLESS.check(options, this::check);
        } else {
            check(options);
        }
    }

    /** The driver of that name, or null. */
    @Nullable
    BlockDriver find(String driverName) {
        return byName.get(driverName);
    }

    BlockDriver driver(NodeOptions options) {
        var reader = new OptionReader(options);
        String name = reader.get(DRIVER);
        BlockDriver driver = find(name);
        if (driver == null) {
            throw reader.refused(DRIVER.name(), name);
        }
        return driver;
    }

    /** For what is left when the driver is known. */
    OptionReader reader(NodeOptions options) {
        var reader = new OptionReader(options, schema(options));
        reader.get(DRIVER);
        return reader;
    }

    /** As {@link #reader}, for a node that is there. */
    OptionReader reader(NodeState state, NodeOptions options) {
        if (state.driver() != null) {
            return reader(options);
        }
        var reader = new OptionReader(options, DRIVERLESS);
        reader.get(DRIVER);
        return reader;
    }

    private OptionSchema schema(NodeOptions options) {
        OptionSchema schema = nodes.get(driver(options).name());
        if (schema == null) {
            throw new IllegalStateException("The driver of " + options + " changed its name");
        }
        return schema;
    }
}
