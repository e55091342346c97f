package dev.weir.engine.control;

import dev.weir.engine.BlockEngine;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** The objects by id. Any thread. */
final class UserObjects {
    /** What objects have besides {@code qom-type} and {@code id}, by the values of {@code qom-type}. */
    static final Map<String, OptionSchema> TYPES = Collections.unmodifiableMap(new TreeMap<>(Map.of(
            "iothread", IoThreadObject.OPTIONS,
            "secret", SecretObject.OPTIONS,
            "throttle-group", ThrottleGroupObject.OPTIONS)));

    private static final Option<String> TYPE = Option.requiredString("qom-type");
    private static final Option<String> ID = Option.requiredString("id");

    /** What every object has besides its type. */
    static final OptionSchema COMMON = OptionSchema.of(ID);

    private static final Pattern WELL_FORMED = Pattern.compile("[A-Za-z][A-Za-z0-9._-]*");
    private static final String PREFIX = "/objects/";

    private final BlockEngine engine;
    /** Null for one that is being made, or deleted. */
    private final Map<String, @Nullable UserObject> objects = new LinkedHashMap<>();

    UserObjects(BlockEngine engine) {
        this.engine = engine;
    }

    Mono<Void> add(NodeOptions options) {
        return Mono.<Void>fromRunnable(() -> addNow(options)).subscribeOn(Schedulers.boundedElastic());
    }

    private void addNow(NodeOptions given) {
        var undeclared = new OptionReader(given);
        String type = undeclared.get(TYPE);
        OptionSchema own = TYPES.get(type);
        if (own == null) {
            throw undeclared.refused(TYPE.name(), type);
        }
        OptionSchema schema = OptionSchema.of(TYPE).and(COMMON).and(own);
        schema.check(given, child -> {});
        var options = new OptionReader(given, schema);
        String id = options.get(ID);
        if (!WELL_FORMED.matcher(id).matches()) {
            throw invalid("Parameter 'id' expects an identifier");
        }
        synchronized (objects) {
            if (objects.containsKey(id)) {
                throw invalid("attempt to add duplicate property '" + id + "' to object (type 'container')");
            }
            objects.put(id, null);
        }
        UserObject made = null;
        try {
            made = switch (type) {
                case "secret" -> SecretObject.create(options);
                case "throttle-group" ->
                    ThrottleGroupObject.create(engine.graph().throttleGroups(), id, options);
                default -> IoThreadObject.create(engine, id, options);
            };
        } finally {
            synchronized (objects) {
                if (made == null) {
                    objects.remove(id);
                } else {
                    objects.put(id, made);
                }
            }
        }
    }

    Mono<Void> remove(String id) {
        return Mono.defer(() -> {
            UserObject object = find(id);
            if (object == null) {
                throw invalid("object '" + id + "' not found");
            }
            synchronized (objects) {
                objects.put(id, null);
            }
            return object.delete()
                    .onErrorMap(
                            failure -> object instanceof IoThreadObject
                                    && failure instanceof BlockException e
                                    && e.kind() == BlockErrorKind.BUSY,
                            failure -> BlockException.of(
                                    BlockErrorKind.BUSY, "object '" + id + "' is in use, can not be deleted", failure))
                    .doOnError(failure -> {
                        synchronized (objects) {
                            objects.put(id, object);
                        }
                    })
                    .doOnSuccess(nothing -> {
                        synchronized (objects) {
                            objects.remove(id);
                        }
                    });
        });
    }

    /** @param path the id, or {@code /objects/} and the id */
    Object get(String path, String property) {
        UserObject object = at(path);
        Object value = object.properties().get(property);
        if (value == null) {
            throw missing(object, property);
        }
        return value;
    }

    /** @param value has the new value under the property's own name */
    void set(String path, String property, NodeOptions value) {
        UserObject object = at(path);
        if (!object.properties().containsKey(property)) {
            throw missing(object, property);
        }
        object.set(property, new OptionReader(value));
    }

    private UserObject at(String path) {
        UserObject object = find(path.startsWith(PREFIX) ? path.substring(PREFIX.length()) : path);
        if (object == null) {
            throw BlockException.of(BlockErrorKind.NOT_FOUND, "Device '" + path + "' not found");
        }
        return object;
    }

    private @Nullable UserObject find(String id) {
        synchronized (objects) {
            return objects.get(id);
        }
    }

    private static BlockException missing(UserObject object, String property) {
        return invalid("Property '" + object.type() + "." + property + "' not found");
    }

    private static BlockException invalid(String message) {
        return BlockException.of(BlockErrorKind.INVALID, message);
    }
}
