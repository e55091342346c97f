package dev.weir.engine.cli.image;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.image.ImageFormat;
import dev.weir.storage.image.ImageInfo;
import dev.weir.storage.image.ImageSnapshot;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What an image is, and what its file occupies.
 *
 * @param detected whether the format was not named, and is what the image begins as
 * @param allocated bytes
 */
public record ImageReport(Path file, ImageInfo info, boolean detected, long allocated) {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Looks at the image's own file and at no other. */
    public static Mono<ImageReport> of(ImageAccess access, Path file, @Nullable String named) {
        return access.file(file, false)
                .flatMap(backend -> (named == null ? ImageAccess.detect(backend) : Mono.just(named))
                        .flatMap(format -> info(access, backend, format))
                        .flatMap(info -> backend.allocatedBytes()
                                .map(allocated -> new ImageReport(file, info, named == null, allocated))));
    }

    private static Mono<ImageInfo> info(ImageAccess access, BlockBackend backend, String format) {
        Optional<ImageFormat> known = access.format(format);
        return known.map(images -> images.info(backend))
                .orElseGet(() ->
                        Mono.just(new ImageInfo(format, backend.length(), 0, false, null, null, List.of(), Map.of())));
    }

    /** In the form of {@code qemu-img info}. */
    public ObjectNode json() {
        ObjectNode json = JSON.objectNode()
                .put("filename", file.toString())
                .put("format", info.format())
                .put("virtual-size", info.virtualSize())
                .put("actual-size", allocated)
                .put("dirty-flag", info.dirty());
        if (info.clusterSize() > 0) {
            json.put("cluster-size", info.clusterSize());
        }
        if (info.backingFile() != null) {
            json.put("backing-filename", info.backingFile());
        }
        if (info.backingFormat() != null) {
            json.put("backing-filename-format", info.backingFormat());
        }
        if (!info.snapshots().isEmpty()) {
            ArrayNode snapshots = json.putArray("snapshots");
            info.snapshots().forEach(snapshot -> snapshots.add(json(snapshot)));
        }
        if (!info.specific().isEmpty()) {
            ObjectNode data = JSON.objectNode();
            info.specific().forEach((key, value) -> put(data, key, value));
            json.putObject("format-specific").put("type", info.format()).set("data", data);
        }
        return json;
    }

    private static ObjectNode json(ImageSnapshot snapshot) {
        Instant date = snapshot.date();
        ObjectNode json = JSON.objectNode()
                .put("id", snapshot.id())
                .put("name", snapshot.name())
                .put("vm-state-size", snapshot.vmStateSize())
                .put("date-sec", date.getEpochSecond())
                .put("date-nsec", date.getNano())
                .put("vm-clock-sec", snapshot.vmClockNanos() / 1_000_000_000)
                .put("vm-clock-nsec", snapshot.vmClockNanos() % 1_000_000_000);
        if (snapshot.icount() >= 0) {
            json.put("icount", snapshot.icount());
        }
        return json;
    }

    private static void put(ObjectNode json, String key, Object value) {
        if (value instanceof Boolean flag) {
            json.put(key, flag);
        } else if (value instanceof Long number) {
            json.put(key, number);
        } else if (value instanceof List<?> list) {
            ArrayNode array = json.putArray(key);
            list.forEach(item -> {
                if (item instanceof Map<?, ?> map) {
                    ObjectNode object = array.addObject();
                    map.forEach((name, inner) -> put(object, String.valueOf(name), inner));
                } else {
                    array.add(String.valueOf(item));
                }
            });
        } else {
            json.put(key, value.toString());
        }
    }
}
