package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.protocol.FuseOpenIn;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BlockNode;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permissions;
import dev.weir.storage.graph.BlockGraph;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Whom the kernel serves by itself. */
class PassthroughFileTest {
    private static final int DIRECT_IO = 1;
    private static final int PARALLEL_DIRECT_WRITES = 64;
    private static final int PASSTHROUGH = 128;
    private static final int BY_US = PASSTHROUGH | DIRECT_IO | PARALLEL_DIRECT_WRITES;

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    @TempDir
    private Path directory;

    private ScriptedFuseDevice kernel;

    private void assertOpened(int flags, int openFlags) {
        KernelReply reply = kernel.call(KernelRequest.open(flags)).succeeds(16);
        assertThat(reply.u32(8)).as("open_flags").isEqualTo(openFlags);
        assertThat(reply.u32(12)).as("backing_id").isEqualTo(SessionFixture.BACKING_ID);
        kernel.call(KernelRequest.release(reply.u64(0))).succeeds(0);
    }

    @Test
    void ofAFileThroughThePageCacheThoseWhoReadItSo() {
        kernel = fuse.passthrough(false).serve(1 << 20);

        assertOpened(FuseOpenIn.O_RDONLY, PASSTHROUGH);
        assertOpened(FuseOpenIn.O_RDONLY | PosixFile.O_DIRECT, BY_US);
        assertOpened(FuseOpenIn.O_RDWR, BY_US);
        assertOpened(FuseOpenIn.O_WRONLY | FuseOpenIn.O_APPEND, BY_US);
    }

    @Test
    void ofAFileAroundThePageCacheThoseWhoReadItSo() {
        kernel = fuse.passthrough(true).serve(1 << 20);

        assertOpened(FuseOpenIn.O_RDONLY | PosixFile.O_DIRECT, PASSTHROUGH);
        assertOpened(FuseOpenIn.O_RDONLY, BY_US);
        assertOpened(FuseOpenIn.O_RDWR | PosixFile.O_DIRECT, BY_US);
        assertOpened(FuseOpenIn.O_WRONLY | PosixFile.O_DIRECT, BY_US);
    }

    @Test
    void withoutAFileNobody() {
        kernel = fuse.serve(1 << 20);

        KernelReply reply = kernel.call(KernelRequest.open(FuseOpenIn.O_RDONLY)).succeeds(16);
        assertThat(reply.u32(8)).isEqualTo(DIRECT_IO | PARALLEL_DIRECT_WRITES);
        assertThat(reply.u32(12)).isZero();
    }

    /** The scripted device takes no registration. */
    @Test
    void aFileThatCannotBeRegisteredIsNotHeld() throws Exception {
        Path image = Files.write(directory.resolve("image"), new byte[8192]);
        BlockGraph graph = BlockGraph.builder().build();
        try (var device = new ScriptedFuseDevice()) {
            BlockNode node = graph.add(NodeOptions.parse("raw,node-name=n,file.driver=file,file.filename=" + image))
                    .block();
            var backend = graph.attach(node, Permissions.READ.sharingAll()).block();

            assertThat(PassthroughFile.register("test", device.device(), backend, Duration.ofSeconds(5)))
                    .isNull();

            graph.reopen(List.of(
                            NodeOptions.parse("raw,node-name=n,offset=4096,file.driver=file,file.filename=" + image)))
                    .block();
            assertThat(backend.length()).isEqualTo(4096);
            device.device().close();
        } finally {
            graph.close().block();
        }
    }
}
