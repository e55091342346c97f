package dev.weir.storage.throttle;

import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.FilterDriver;
import dev.weir.storage.spi.OpenContext;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.util.Set;
import reactor.core.publisher.Mono;

/**
 * {@code throttle}: the bytes of its child, at the rate that a group allows. Options: {@code file} (the child) and
 * {@code throttle-group} (the id of a {@link ThrottleGroup}).
 *
 * <p>Reads, writes, zeroed and discarded ranges wait for the group; the last three count as writes. All else passes. While
 * the node is drained nothing waits: what waited goes on at once, and counts.
 */
public final class ThrottleDriver implements FilterDriver {
    private static final Option<String> GROUP = Option.requiredString("throttle-group");
    private static final Option<NodeOptions> FILE = Option.requiredChild("file");

    private final ThrottleGroups groups;

    /** @param groups where the driver finds its groups */
    public ThrottleDriver(ThrottleGroups groups) {
        this.groups = groups;
    }

    @Override
    public String name() {
        return "throttle";
    }

    @Override
    public OptionSchema options() {
        return OptionSchema.of(GROUP, FILE);
    }

    @Override
    public Set<String> changeableOptions() {
        return Set.of(GROUP.name());
    }

    @Override
    public Mono<BlockDevice> open(OptionReader options, OpenContext context) {
        return Mono.defer(() -> {
            String group = options.get(GROUP);
            return context.openChild(options.get(FILE)).map(file -> new ThrottleDevice(file, groups.join(group)));
        });
    }
}
