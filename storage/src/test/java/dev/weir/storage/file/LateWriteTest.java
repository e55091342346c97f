package dev.weir.storage.file;

import static dev.weir.storage.file.FileFixture.await;
import static dev.weir.storage.file.FileFixture.buffer;
import static dev.weir.storage.file.FileFixture.random;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.posix.PosixFile;
import dev.weir.storage.PreallocMode;
import java.nio.ByteBuffer;
import java.nio.channels.CompletionHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writes that were checked against a length that has changed when they reach the file. */
class LateWriteTest {
    private static final int SIZE = 64 * 1024;

    private final FileFixture files = new FileFixture();

    @TempDir
    Path dir;

    @AfterEach
    void close() throws InterruptedException {
        files.close();
    }

    @Test
    void doNotLengthenAFileThatHasShrunk() throws Exception {
        Path path = Files.write(dir.resolve("image"), random(SIZE, 1));
        var file = OpenFile.open(path.toString(), false, false);
        var slow = new SlowEngine(file);
        var device = new FileDevice(
                "test",
                file,
                slow,
                InlineTransfers.NONE,
                files.pool,
                false,
                new ImageLock(path.toString(), file.fd(), ImageLock.Mode.OFF));
        try {
            CompletableFuture<Void> written =
                    device.write(SIZE - 4096, buffer(random(4096, 2)), Set.of()).toFuture();
            await(device.truncate(1000, PreallocMode.OFF));
            slow.let();
            await(reactor.core.publisher.Mono.fromFuture(written));
            assertThat(Files.size(path)).isEqualTo(1000).isEqualTo(device.length());
        } finally {
            await(device.close());
        }
    }

    /** Holds one write back. */
    private static final class SlowEngine implements FileEngine {
        private final OpenFile file;
        private Runnable held = () -> {};

        SlowEngine(OpenFile file) {
            this.file = file;
        }

        void let() {
            held.run();
        }

        @Override
        public void write(ByteBuffer src, long offset, CompletionHandler<Integer, ByteBuffer> handler) {
            held = () -> {
                try {
                    handler.completed(PosixFile.pwrite(file.fd(), src, offset), src);
                } catch (java.io.IOException e) {
                    handler.failed(e, src);
                }
            };
        }

        @Override
        public void read(ByteBuffer dst, long offset, CompletionHandler<Integer, ByteBuffer> handler) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void sync() {}

        @Override
        public void close() {}
    }
}
