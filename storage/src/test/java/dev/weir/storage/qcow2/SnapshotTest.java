package dev.weir.storage.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.BlockBackend;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.WriteFlag;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.throttle.ThrottleLimits;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Overlays that come over nodes in use. */
@Timeout(60)
class SnapshotTest {
    private static final Duration DEADLINE = Duration.ofSeconds(20);
    private static final int SIZE = 4 << 20;

    @TempDir
    private Path directory;

    private final BlockGraph graph = BlockGraph.builder().build();
    private ImageFiles images;
    private byte[] contents;

    @BeforeEach
    void create() throws Exception {
        images = new ImageFiles(directory);
        contents = new byte[SIZE];
        new Random(1).nextBytes(contents);
        Files.write(images.path("base.raw"), contents);
        add("raw,node-name=base,file.driver=file,file.node-name=file,file.filename=" + images.path("base.raw"));
    }

    @AfterEach
    void close() {
        graph.close().block(DEADLINE);
    }

    private void add(String options) {
        graph.add(NodeOptions.parse(options)).block(DEADLINE);
    }

    /** A new image, and a node for it. */
    private void overlay(String name, long size, String more) throws Exception {
        images.create(name + ".qcow2", size, "cluster_size=4096");
        add("qcow2,node-name=" + name + ",file.driver=file,file.filename=" + images.path(name + ".qcow2") + more);
    }

    private void snapshot(String node, String overlay) {
        graph.snapshot(node, overlay).block(DEADLINE);
    }

    private void assertRefused(String node, String overlay, String message) {
        assertThatThrownBy(() -> snapshot(node, overlay)).hasMessage(message);
    }

    private BlockBackend attach(String node, Permissions permissions) {
        return graph.attach(graph.node(node), permissions).block(DEADLINE);
    }

    private static void write(BlockBackend backend, long offset, int value) {
        backend.write(offset, ByteBuffer.allocateDirect(1).put(0, (byte) value), WriteFlag.NONE)
                .block(DEADLINE);
    }

    @Test
    void usersWriteToTheOverlayFromThenOn() throws Exception {
        BlockBackend writer = attach("base", Permissions.WRITE.sharingAll());
        BlockBackend reader = attach("base", Permissions.READ.sharingAll());
        write(writer, 0, 1);
        overlay("o", SIZE, "");
        long before = reader.changesByOthers().count();
        snapshot("base", "o");
        assertThat(reader.changesByOthers().count()).isNotEqualTo(before);
        assertThat(writer.node().nodeName()).isEqualTo("o");
        write(writer, 5000, 2);
        contents[0] = 1;
        assertThat(Files.readAllBytes(images.path("base.raw"))).isEqualTo(contents);
        contents[5000] = 2;
        assertThat(ImageLoad.bytes(reader)).isEqualTo(contents);
        assertThat(graph.info("o").roles()).containsEntry("base", "backing");
        assertRefused("base", "o", "Node 'base' is busy: node is used as backing hd of 'o'");
        assertThatThrownBy(() -> attach("base", Permissions.WRITE.sharingAll()))
                .hasMessageContaining("Permission conflict");
        writer.close().block(DEADLINE);
        reader.close().block(DEADLINE);
        graph.remove("o").block(DEADLINE);
        write(attach("base", Permissions.WRITE), 0, 3);
    }

    /** An overlay after the other, each while writers are at work. */
    @Test
    void whatWasWrittenIsThereAfterEachSnapshot() throws Exception {
        var load = new ImageLoad(attach("base", Permissions.WRITE), contents.clone());
        String top = "base";
        for (int i = 0; i < 6; i++) {
            overlay("o" + i, SIZE, i % 2 == 0 ? "" : ",discard=unmap");
            load.proceed(100);
            snapshot(top, "o" + i);
            top = "o" + i;
        }
        load.proceed(100);
        load.verify();
        graph.close().block(DEADLINE);
        ImageFiles.assumeQemu();
        for (int i = 0; i < 6; i++) {
            images.qemuImg("check", "-q", "o" + i + ".qcow2");
        }
    }

    @Test
    void parentsThatAreNoOverlaysMoveToo() throws Exception {
        graph.throttleGroups().create("g", ThrottleLimits.NONE);
        add("throttle,node-name=t,throttle-group=g,file=base");
        BlockBackend backend = attach("t", Permissions.WRITE);
        overlay("o", SIZE, "");
        snapshot("base", "o");
        write(backend, 0, 9);
        assertThat(graph.info("t").children()).containsExactly("o");
        assertThat(Files.readAllBytes(images.path("base.raw"))).isEqualTo(contents);
        overlay("p", SIZE, "");
        snapshot("t", "p");
        write(backend, 1, 8);
        assertThat(backend.node().nodeName()).isEqualTo("p");
        contents[0] = 9;
        contents[1] = 8;
        assertThat(ImageLoad.bytes(backend)).isEqualTo(contents);
    }

    @Test
    void usersHearOfTheLengthThatTheOverlayHas() throws Exception {
        BlockBackend backend = attach("base", Permissions.WRITE);
        List<Long> lengths = new ArrayList<>();
        backend.onResize((length, own) -> lengths.add(length));
        overlay("same", SIZE, "");
        snapshot("base", "same");
        overlay("longer", 2L * SIZE, "");
        snapshot("same", "longer");
        assertThat(lengths).containsExactly(2L * SIZE);
        assertThat(backend.length()).isEqualTo(2L * SIZE);
        byte[] bytes = ImageLoad.bytes(backend);
        assertThat(java.util.Arrays.copyOf(bytes, SIZE)).isEqualTo(contents);
        assertThat(bytes[SIZE]).isZero();
    }

    @Test
    void refusesWhatCannotBeAnOverlay() throws Exception {
        overlay("o", SIZE, "");
        overlay("used", SIZE, "");
        overlay("backed", SIZE, ",backing=used");
        overlay("sealed", SIZE, ",read-only=on");
        graph.throttleGroups().create("g", ThrottleLimits.NONE);
        add("throttle,node-name=t,throttle-group=g,file=o");
        add("null-co,node-name=null");
        BlockBackend writer = attach("base", Permissions.WRITE);
        assertRefused("x", "o", "Cannot find device='x' nor node-name='x'");
        assertRefused("base", "x", "Cannot find device='x' nor node-name='x'");
        assertRefused("base", "null", "The overlay does not support backing images");
        assertRefused("base", "t", "Filters cannot be used as overlays");
        assertRefused("base", "backed", "The overlay already has a backing image");
        assertRefused("base", "sealed", "Block node is read-only");
        assertRefused("used", "o", "Node 'used' is busy: node is used as backing hd of 'backed'");
        assertRefused("o", "o", "Making 'o' a backing child of 'o' would create a cycle");
        assertRefused("t", "o", "Making 't' a backing child of 'o' would create a cycle");
        BlockBackend user = attach("o", Permissions.READ.sharingAll());
        assertRefused("base", "o", "The overlay is already in use");
        user.close().block(DEADLINE);
        write(writer, 0, 1);
        snapshot("base", "o");
        write(writer, 0, 2);
        assertThat(writer.node().nodeName()).isEqualTo("o");
    }

    @Test
    void anOverlayThatAnotherProcessHasLeavesEverythingAsItWas() throws Exception {
        BlockBackend backend = attach("base", Permissions.WRITE);
        overlay("o", SIZE, "");
        BlockGraph other = BlockGraph.builder().build();
        try {
            other.add(NodeOptions.parse("file,node-name=f,filename=" + images.path("o.qcow2")))
                    .flatMap(node -> other.attach(node, Permissions.WRITE))
                    .block(DEADLINE);
            assertThatThrownBy(() -> snapshot("base", "o")).hasMessageContaining("lock");
        } finally {
            other.close().block(DEADLINE);
        }
        write(backend, 0, 4);
        assertThat(backend.node().nodeName()).isEqualTo("base");
        assertThat(Files.readAllBytes(images.path("base.raw"))[0]).isEqualTo((byte) 4);
        assertThat(graph.info("o").children()).doesNotContain("base");
        snapshot("base", "o");
        write(backend, 0, 5);
        assertThat(Files.readAllBytes(images.path("base.raw"))[0]).isEqualTo((byte) 4);
    }

    @Test
    void aDrainOfTheNodeHoldsItsUsersAfterwardsToo() throws Exception {
        BlockBackend backend = attach("base", Permissions.WRITE);
        overlay("o", SIZE, "");
        var base = graph.node("base");
        graph.drainedBegin(base).block(DEADLINE);
        snapshot("base", "o");
        var written = new AtomicBoolean();
        var write = backend.write(0, ByteBuffer.allocateDirect(1).put(0, (byte) 6), WriteFlag.NONE)
                .doOnSuccess(nothing -> written.set(true))
                .toFuture();
        assertThat(written).isFalse();
        graph.drainedEnd(base);
        write.get(20, java.util.concurrent.TimeUnit.SECONDS);
        assertThat(Files.readAllBytes(images.path("base.raw"))).isEqualTo(contents);

        // Who waited for it hears of its end before it is counted out.
        var overlay = graph.node("o");
        graph.drainedBegin(overlay).block(DEADLINE);
        assertThat(backend.inFlight()).isZero();
        graph.drainedEnd(overlay);
    }

    /** The raw node above the file gets the overlay below it: the overlay's own parent stays where it is. */
    @Test
    void aNodeBelowAnotherGetsAnOverlay() throws Exception {
        BlockBackend backend = attach("base", Permissions.WRITE);
        overlay("o", SIZE, "");
        snapshot("file", "o");
        write(backend, 0, 7);
        assertThat(graph.info("base").children()).containsExactly("o");
        assertThat(Files.readAllBytes(images.path("base.raw"))).isEqualTo(contents);
        contents[0] = 7;
        assertThat(ImageLoad.bytes(backend)).isEqualTo(contents);
    }

    @Test
    void aNodeWhoseFileSomebodyReliesOnGetsNoOverlay() throws Exception {
        BlockBackend user =
                graph.attach(graph.node("base"), Permissions.READ.sharingAll()).block(DEADLINE);
        assertThat(user.holdFile().block(DEADLINE)).isNotNull();
        overlay("top", SIZE, "");

        for (String node : List.of("base", "file")) {
            assertThatThrownBy(() -> graph.snapshot(node, "top").block(DEADLINE))
                    .hasMessage("Node 'base' is busy: the kernel reads its file directly (passthrough)");
        }

        user.releaseFile();
        graph.snapshot("base", "top").block(DEADLINE);
        assertThat(user.node().nodeName()).isEqualTo("top");
        assertThat(user.holdFile().block(DEADLINE)).isNull();
    }
}
