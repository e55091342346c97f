package dev.weir.engine.control;

import dev.weir.storage.BlockException;
import dev.weir.storage.spi.OptionReader;
import java.util.Map;
import reactor.core.publisher.Mono;

/** Something that is neither node nor export and has an id: QEMU's user-creatable objects. */
interface UserObject {
    /** The value of {@code qom-type}. */
    String type();

    /** All that can be read, by name; values are {@code String}, {@code Boolean}, {@code Long} or such maps. */
    Map<String, Object> properties();

    /**
     * Changes a property.
     *
     * @param value has the new value under the property's own name
     * @throws BlockException where it cannot be changed, or not to that
     */
    void set(String property, OptionReader value);

    /** Gives everything back; fails where somebody uses the object. */
    Mono<Void> delete();
}
