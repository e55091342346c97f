package dev.weir.storage.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.NodeOptions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.image.ImageCreation;
import dev.weir.storage.spi.BlockDevice;
import dev.weir.storage.spi.BlockDriver;
import dev.weir.storage.spi.Option;
import dev.weir.storage.spi.OptionReader;
import dev.weir.storage.spi.OptionSchema;
import dev.weir.storage.throttle.ThrottleDriver;
import dev.weir.storage.throttle.ThrottleGroups;
import dev.weir.storage.throttle.ThrottleLimits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What drivers declare is what they read. */
class DriverOptionsTest {
    /** For each driver all of its options. */
    private static final Map<String, String> COMPLETE = Map.of(
            "file", "filename=$FILE,locking=off,aio=threads",
            "memory", "size=64k",
            "null-co", "size=64k,latency-ns=0,read-zeroes=on",
            "qcow2",
                    "file.driver=file,file.filename=$QCOW2,backing=,data-file.driver=null-co,cache-size=1M,"
                            + "l2-cache-size=512k,l2-cache-entry-size=4k,refcount-cache-size=256k,"
                            + "pass-discard-request=on,discard-no-unref=off",
            "raw", "file.driver=null-co,offset=0,size=512,probed=off",
            "throttle", "throttle-group=g,file.driver=null-co");

    @TempDir
    Path directory;

    private final ThrottleGroups groups = new ThrottleGroups();
    private final BlockGraph graph = BlockGraph.builder().throttleGroups(groups).build();

    @AfterEach
    void close() {
        graph.close().block();
    }

    @Test
    void everyDriverReadsAllThatItDeclares() throws Exception {
        groups.create("g", ThrottleLimits.NONE);
        Path file = Files.write(directory.resolve("image"), new byte[512]);
        Path qcow2 = imageWithDataFile();
        Map<String, BlockDriver> drivers = new HashMap<>();
        ServiceLoader.load(BlockDriver.class).forEach(driver -> drivers.put(driver.name(), driver));
        drivers.put("throttle", new ThrottleDriver(groups));
        var opener = new NodeOpener(
                drivers, Runnable::run, ImplicitOpenPolicy.DENY_ALL, path -> false, new NodeNames(), new Turns());
        assertThat(drivers.keySet()).isEqualTo(COMPLETE.keySet());

        COMPLETE.forEach((name, text) -> {
            var options = NodeOptions.parse(
                    name + "," + text.replace("$FILE", file.toString()).replace("$QCOW2", qcow2.toString()));
            assertDeclared(opener.schema().drivers().get(name), options);
            OptionReader reader = opener.schema().reader(options);
            var context = new NodeContext(opener, "n", CommonOptions.DEFAULTS, 0);
            BlockDevice device = drivers.get(name).open(reader, context).block();
            assertThatCode(reader::end).as(name).doesNotThrowAnyException();
            device.close().block();
        });
        opener.closeAll().block();
    }

    private Path imageWithDataFile() throws Exception {
        Path image = Files.createFile(directory.resolve("image.qcow2"));
        var node = graph.add(NodeOptions.parse("file,filename=" + image)).block();
        var creation = new ImageCreation(64 << 10, null, null, "data", PreallocMode.OFF, Map.of());
        graph.imageFormat("qcow2")
                .orElseThrow()
                .create(node, graph.add(NodeOptions.parse("memory,size=64k")).block(), creation)
                .block();
        return image;
    }

    private static void assertDeclared(OptionSchema schema, NodeOptions options) {
        assertThat(schema.options())
                .extracting(Option::name)
                .containsExactlyInAnyOrderElementsOf(options.values().keySet().stream()
                        .filter(key -> !key.equals("driver"))
                        .toList());
    }

    @Test
    void everyNodeReadsTheCommonOptions() {
        var text = "null-co,node-name=n,read-only=on,auto-read-only=off,force-share=on,discard=unmap,"
                + "detect-zeroes=unmap,cache.direct=on,cache.no-flush=on";
        var options = NodeOptions.parse(text);
        assertDeclared(graph.schema().common(), options);
        var reader = graph.schema().reader(options);
        CommonOptions common = CommonOptions.take(reader, CommonOptions.DEFAULTS);
        assertThatCode(reader::end).doesNotThrowAnyException();
        assertThat(common)
                .isEqualTo(
                        new CommonOptions("n", true, false, true, true, CommonOptions.DetectZeroes.UNMAP, true, true));
    }

    @Test
    void theWholeTreeIsCheckedBeforeAnythingIsOpened() {
        var options = NodeOptions.parse("raw,file.driver=raw,file.file.driver=null-co,file.file.size=x,offset=y");
        assertThatThrownBy(() -> graph.add(options).block())
                .hasMessageStartingWith("Parameter 'file.file.size' expects a non-negative number of bytes");
    }
}
