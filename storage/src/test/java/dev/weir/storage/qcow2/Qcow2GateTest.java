package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.graph.ImplicitOpenPolicy;
import dev.weir.storage.image.ImageCreation;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that images name are opened where the user's policy allows it, and nowhere else. */
class Qcow2GateTest {
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    @TempDir
    private Path dir;

    private final List<String> asked = new CopyOnWriteArrayList<>();
    private BlockGraph graph = BlockGraph.builder().build();

    @AfterEach
    void close() {
        graph.close().block(DEADLINE);
    }

    @Test
    void anImageOpensNothingByItself() throws Exception {
        Files.write(dir.resolve("base"), new byte[512]);
        Path image = image("top", "base", "raw");
        assertThatThrownBy(() -> open(image))
                .isInstanceOfSatisfying(
                        BlockException.class, e -> assertThat(e.kind()).isEqualTo(BlockErrorKind.ACCESS_DENIED))
                .hasMessageContaining("names the file 'base'");
    }

    @Test
    void aRelativeNameCountsFromTheDirectoryOfItsImage() throws Exception {
        byte[] bytes = new byte[512];
        bytes[7] = 7;
        Files.write(Files.createDirectory(dir.resolve("sub")).resolve("base"), bytes);
        Path image = image("top", "sub/base", "raw");
        graph = BlockGraph.builder().implicitOpenPolicy(this::allow).build();
        ByteBuffer sector = ByteBuffer.allocateDirect(512);
        graph.attach(open(image), Permissions.READ)
                .flatMap(backend -> backend.read(0, sector))
                .block(DEADLINE);
        assertThat(sector.get(7)).isEqualTo((byte) 7);
        assertThat(asked).containsExactly(dir.resolve("sub/base").toString());
    }

    @Test
    void imagesThatNameEachOtherEnd() throws Exception {
        Path image = image("loop", "loop", "qcow2");
        graph = BlockGraph.builder().implicitOpenPolicy(this::allow).build();
        assertThatThrownBy(() -> open(image)).hasMessageContaining("images name each other");
        assertThat(graph.nodes()).isEmpty();
    }

    private boolean allow(String node, String filename, String format) {
        asked.add(filename);
        return true;
    }

    private Path image(String name, String backing, String format) throws Exception {
        Path image = Files.createFile(dir.resolve(name));
        BlockGraph maker = BlockGraph.builder()
                .implicitOpenPolicy(ImplicitOpenPolicy.DENY_ALL)
                .build();
        try {
            var creation = new ImageCreation(1 << 20, backing, format, null, PreallocMode.OFF, Map.of());
            maker.add(NodeOptions.parse("file,filename=" + image))
                    .flatMap(node -> maker.attach(node, Permissions.WRITE))
                    .flatMap(file -> maker.imageFormat("qcow2").orElseThrow().create(file, null, creation))
                    .block(DEADLINE);
        } finally {
            maker.close().block(DEADLINE);
        }
        return image;
    }

    private BlockNode open(Path image) {
        return graph.add(NodeOptions.parse("qcow2,read-only=on,file.driver=file,file.filename=" + image))
                .block(DEADLINE);
    }
}
