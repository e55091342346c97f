package dev.weir.storage.spi;

import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Declared options, in the order in which they are checked. Immutable. */
public final class OptionSchema {
    /** No options. */
    public static final OptionSchema EMPTY = new OptionSchema(Map.of());

    private final Map<String, Option<?>> options;

    private OptionSchema(Map<String, Option<?>> options) {
        this.options = Collections.unmodifiableMap(options);
    }

    /** @throws IllegalArgumentException where two have the same name */
    public static OptionSchema of(Option<?>... options) {
        return of(List.of(options));
    }

    /** @throws IllegalArgumentException where two have the same name */
    public static OptionSchema of(Collection<? extends Option<?>> options) {
        var byName = new LinkedHashMap<String, Option<?>>();
        for (Option<?> option : options) {
            if (byName.put(option.name(), option) != null) {
                throw new IllegalArgumentException("The option '" + option.name() + "' is declared twice");
            }
        }
        return new OptionSchema(byName);
    }

    /**
     * These and then more.
     *
     * @throws IllegalArgumentException where both declare an option of one name
     */
    public OptionSchema and(OptionSchema more) {
        var both = new java.util.ArrayList<Option<?>>(options.values());
        both.addAll(more.options.values());
        return of(both);
    }

    /** All, in order. */
    public Collection<Option<?>> options() {
        return options.values();
    }

    /** The option of that name, or null. */
    public @Nullable Option<?> find(String name) {
        return options.get(name);
    }

    /**
     * Refuses values of the wrong type or range, then what is missing or not declared, in the order of the declarations.
     *
     * @param child what to do with the description of a child, references left out
     * @throws BlockException of kind INVALID with QEMU's text
     */
    public void check(NodeOptions given, Consumer<NodeOptions> child) {
        check(new OptionReader(given, this), child);
    }

    private void check(OptionReader reader, Consumer<NodeOptions> child) {
        for (Option<?> option : options.values()) {
            if (option.type() == Option.Type.GROUP && !reader.has(option.name())) {
                continue;
            }
            Object value = reader.get(option);
            if (value instanceof java.util.Optional<?> optional) {
                value = optional.orElse(null);
            }
            if (value instanceof OptionReader group) {
                option.members().check(group, child);
            } else if (value instanceof NodeOptions node && !node.isReference() && !node.isNull()) {
                child.accept(node);
            }
        }
        reader.end();
    }
}
