package dev.weir.storage.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.image.ImageCreation;
import dev.weir.storage.image.ImageInfo;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Image files in a directory, made and looked at by Weir and by {@code qemu-img}. */
final class ImageFiles {
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private final Path directory;

    ImageFiles(Path directory) {
        this.directory = directory;
    }

    Path path(String name) {
        return directory.resolve(name);
    }

    /** Lends the file to what is to be done, as its one user. */
    <T> @Nullable T with(String name, Function<BlockBackend, Mono<T>> action) {
        BlockGraph graph = BlockGraph.builder().build();
        try {
            return open(graph, name).flatMap(action).block(DEADLINE);
        } finally {
            graph.close().block(DEADLINE);
        }
    }

    private Mono<BlockBackend> open(BlockGraph graph, String name) {
        NodeOptions file = NodeOptions.driver("file")
                .set("filename", path(name).toString())
                .set("discard", "unmap")
                .build();
        Mono<BlockNode> node = graph.add(file);
        return node.flatMap(opened -> graph.attach(opened, Permissions.WRITE));
    }

    /** @param options by QEMU's names, all of them, as {@code cluster_size=4096,preallocation=full} */
    void create(String name, long size, String options) throws Exception {
        Files.deleteIfExists(path(name));
        Files.createFile(path(name));
        Map<String, String> values = new LinkedHashMap<>();
        for (String option : options.isEmpty() ? new String[0] : options.split(",")) {
            values.put(option.substring(0, option.indexOf('=')), option.substring(option.indexOf('=') + 1));
        }
        String prealloc = values.remove("preallocation");
        String dataFile = values.remove("data_file");
        ImageCreation creation = new ImageCreation(
                size,
                values.remove("backing_file"),
                values.remove("backing_fmt"),
                dataFile,
                prealloc == null ? PreallocMode.OFF : PreallocMode.valueOf(prealloc.toUpperCase(Locale.ROOT)),
                values);
        if (dataFile == null) {
            with(name, file -> Qcow2Create.create(file, null, creation));
        } else {
            if (!Files.exists(path(dataFile))) {
                Files.createFile(path(dataFile));
            }
            with(
                    name,
                    file -> Mono.fromSupplier(() -> with(dataFile, data -> Qcow2Create.create(file, data, creation)))
                            .subscribeOn(Schedulers.boundedElastic()));
        }
    }

    ImageInfo info(String name) {
        return Objects.requireNonNull(with(name, file -> new Qcow2ImageFormat().info(file)));
    }

    static void assumeQemu() {
        assumeThat(Stream.of(System.getenv("PATH").split(File.pathSeparator)))
                .as("qemu-img on the PATH")
                .anyMatch(entry -> Files.isExecutable(Path.of(entry, "qemu-img")));
    }

    /** What it printed; it must have succeeded. */
    String qemuImg(String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(Arrays.asList(words));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as("%s: %s", command, output).isZero();
        return output;
    }
}
