package dev.weir.storage.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.weir.posix.FileStatus;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BackingFile;
import dev.weir.storage.BlockBackend;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.PreallocMode;
import dev.weir.storage.graph.BlockGraph;
import dev.weir.storage.throttle.ThrottleLimits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose bytes are those of a file, and that they stay so for whoever relies on it. */
@Timeout(60)
class BackingFileTest {
    private static final String RAW = "raw,node-name=n,file.driver=file,file.node-name=f,file.filename=";

    private final BlockGraph graph = BlockGraph.builder().build();

    @TempDir
    Path dir;

    private Path image;

    @BeforeEach
    void create() throws IOException {
        image = Files.write(dir.resolve("image"), new byte[1 << 20]);
    }

    @AfterEach
    void close() throws IOException {
        graph.close().block();
        assertThat(FileFixture.descriptorsOf(image)).isZero();
    }

    private BlockNode add(String options) {
        return graph.add(NodeOptions.parse(options)).block();
    }

    private BlockBackend attach(BlockNode node) {
        return graph.attach(node, Permissions.WRITE.sharingAll()).block();
    }

    private void reopen(String options) {
        graph.reopen(List.of(NodeOptions.parse(options))).block();
    }

    private static void assertHeld(ThrowingCallable change) {
        assertThatThrownBy(change)
                .asInstanceOf(type(BlockException.class))
                .returns(BlockErrorKind.BUSY, BlockException::kind)
                .returns(
                        "Node 'n' is busy: the kernel reads its file directly (passthrough)",
                        BlockException::getMessage);
    }

    @Test
    void aRawImageIsItsFile() throws IOException {
        BackingFile file = add(RAW + image).backingFile();

        assertThat(file.direct()).isFalse();
        int fd = file.open();
        try {
            assertThat(FileStatus.of(fd).inode())
                    .isEqualTo(FileStatus.of(image.toString()).inode());
            assertThat(PosixFile.statusFlags(fd) & (PosixFile.O_DIRECT | 3)).isEqualTo(PosixFile.O_RDONLY);
        } finally {
            PosixFile.close(fd);
        }
    }

    @Test
    void theFileOfANodeThatGoesAroundThePageCacheIsOpenedSo() throws IOException {
        BackingFile file = add(RAW + image + ",cache.direct=on").backingFile();

        assertThat(file.direct()).isTrue();
        int fd = file.open();
        try {
            assertThat(PosixFile.statusFlags(fd) & PosixFile.O_DIRECT).isNotZero();
        } finally {
            PosixFile.close(fd);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw,offset=512", "raw,size=512", "raw,offset=0,size=1048576", "raw,probed=on", "throttle"})
    void othersAreNot(String options) {
        String group = options.equals("throttle") ? ",throttle-group=g" : "";
        if (!group.isEmpty()) {
            graph.throttleGroups().create("g", ThrottleLimits.NONE);
        }
        BlockNode node = add(options + group + ",file.driver=file,file.filename=" + image);

        assertThat(node.backingFile()).isNull();
        assertThat(attach(node).holdFile().block()).isNull();
    }

    @Test
    void aProbedImageThatNobodyWritesIs() {
        assertThat(add("raw,probed=on,read-only=on,file.driver=file,file.filename=" + image)
                        .backingFile())
                .isNotNull();
    }

    @Test
    void whatIsReliedOnIsNotReopened() {
        BlockBackend backend = attach(add(RAW + image));
        assertThat(backend.holdFile().block()).isNotNull();

        assertHeld(() -> reopen("raw,node-name=n,file=f,offset=512"));
        assertHeld(() -> reopen("raw,node-name=n,file=f,discard=unmap"));
        assertHeld(() -> reopen("file,node-name=f,cache.direct=on,filename=" + image));

        backend.releaseFile();
        reopen("raw,node-name=n,file=f,offset=512");
        assertThat(backend.length()).isEqualTo((1 << 20) - 512);
    }

    @Test
    void itCanBeResizedAndUsedByOthers() {
        BlockNode node = add(RAW + image);
        BlockBackend backend = attach(node);
        backend.holdFile().block();
        BlockBackend other = attach(node);

        other.truncate(4096, PreallocMode.OFF).block();

        assertThat(backend.length()).isEqualTo(4096);
    }

    @Test
    void theEndOfAUserEndsItsReliance() {
        BlockBackend backend = attach(add(RAW + image));
        backend.holdFile().block();

        backend.close().block();

        reopen("raw,node-name=n,file=f,offset=512");
    }

    @Test
    void othersMayBeReopenedMeanwhile() throws IOException {
        BlockBackend backend = attach(add(RAW + image));
        backend.holdFile().block();
        Path second = Files.write(dir.resolve("second"), new byte[8192]);
        add("raw,node-name=m,file.driver=file,file.node-name=g,file.filename=" + second);

        reopen("raw,node-name=m,file=g,offset=4096");

        assertThat(graph.node("m").length()).isEqualTo(4096);
    }
}
