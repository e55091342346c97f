package dev.weir.engine.control;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import dev.weir.storage.throttle.ThrottleGroup;
import dev.weir.storage.throttle.ThrottleGroups;
import dev.weir.storage.throttle.ThrottleLimits;
import java.util.Map;
import reactor.core.publisher.Mono;

/** {@code throttle-group}: limits that the nodes of the driver {@code throttle} share. */
final class ThrottleGroupObject implements UserObject {
    /** What {@link #create} reads. */
    static final OptionSchema OPTIONS = ThrottleLimits.options();

    private static final String LIMITS = "limits";

    private final ThrottleGroups groups;
    private final ThrottleGroup group;

    private ThrottleGroupObject(ThrottleGroups groups, ThrottleGroup group) {
        this.groups = groups;
        this.group = group;
    }

    static UserObject create(ThrottleGroups groups, String id, OptionReader options) {
        ThrottleLimits limits = ThrottleLimits.NONE.with(options);
        return new ThrottleGroupObject(groups, groups.create(id, limits));
    }

    @Override
    public String type() {
        return "throttle-group";
    }

    @Override
    public Map<String, Object> properties() {
        return Map.of("type", type(), LIMITS, group.limits().values());
    }

    @Override
    public void set(String property, OptionReader value) {
        if (!property.equals(LIMITS)) {
            throw BlockException.of(
                    BlockErrorKind.INVALID, "Property 'throttle-group." + property + "' is not writable");
        }
        group.setLimits(group.limits().with(value));
    }

    @Override
    public Mono<Void> delete() {
        return Mono.fromRunnable(() -> groups.remove(group.id()));
    }
}
