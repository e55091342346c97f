package dev.weir.engine;

import dev.weir.fuse.device.FuseMountException;
import dev.weir.fuse.device.OwnMountpoints;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Mono;

/** Files that are exports of this process: used as images they would have the process wait for itself. */
final class OwnFiles {
    private OwnFiles() {}

    /** Fails where options name such a file, before anything touches it. */
    static Mono<Void> refuse(NodeOptions options) {
        return Mono.defer(() -> {
            List<String> names = new ArrayList<>();
            collect(options, names);
            if (names.isEmpty() || OwnMountpoints.none()) {
                return Mono.empty();
            }
            // To find the one spelling of a path may block.
            return Mono.create(sink -> {
                var thread = new Thread(
                        () -> {
                            try {
                                names.forEach(OwnFiles::refuse);
                                sink.success();
                            } catch (Throwable e) {
                                sink.error(e);
                            }
                        },
                        "weir-path");
                thread.setDaemon(true);
                thread.start();
            });
        });
    }

    private static void refuse(String name) {
        Path canonical;
        try {
            canonical = OwnMountpoints.canonical(Path.of(name));
        } catch (FuseMountException | IllegalArgumentException e) {
            // There is no such file; it is for the driver to say so.
            return;
        }
        if (OwnMountpoints.contains(canonical)) {
            throw BlockException.of(
                    BlockErrorKind.BUSY,
                    "'" + name + "' is an export of this process, which cannot use it as an image itself");
        }
    }

    private static void collect(NodeOptions options, List<String> names) {
        for (Map.Entry<String, Object> option : options.values().entrySet()) {
            if (option.getValue() instanceof NodeOptions child) {
                collect(child, names);
            } else if (option.getKey().equals("filename")) {
                names.add((String) option.getValue());
            }
        }
    }
}
