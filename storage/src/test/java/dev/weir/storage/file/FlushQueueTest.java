package dev.weir.storage.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.WriteFlag;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.CompletionHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Flushes of a device over an engine whose syncs are told how to end, on a pool that runs when it is told to. */
class FlushQueueTest {
    private static class ScriptedEngine implements FileEngine {
        int syncs;
        final Queue<Integer> errors = new ArrayDeque<>();

        @Override
        public void read(ByteBuffer dst, long offset, CompletionHandler<Integer, ByteBuffer> handler) {
            throw new AssertionError("not read");
        }

        @Override
        public void write(ByteBuffer src, long offset, CompletionHandler<Integer, ByteBuffer> handler) {
            int count = src.remaining();
            src.position(src.limit());
            handler.completed(count, src);
        }

        @Override
        public void sync() throws IOException {
            syncs++;
            Integer errno = errors.poll();
            if (errno != null && errno != 0) {
                throw new PosixException(errno, "fdatasync");
            }
        }

        @Override
        public void close() {}
    }

    private final ScriptedEngine engine = new ScriptedEngine();
    private final Queue<Runnable> tasks = new ArrayDeque<>();

    @TempDir
    Path dir;

    private OpenFile file;
    private FileDevice device;

    @BeforeEach
    void open() throws IOException {
        Path path = Files.write(dir.resolve("image"), new byte[4096]);
        file = OpenFile.open(path.toString(), false, false);
        device = device(false);
    }

    private FileDevice device(boolean noFlush) {
        return device(noFlush, tasks::add);
    }

    private FileDevice device(boolean noFlush, Executor pool) {
        var lock = new ImageLock("image", file.fd(), ImageLock.Mode.OFF);
        return new FileDevice("test", file, engine, InlineTransfers.NONE, pool, noFlush, lock);
    }

    private FileDevice device(FileEngine over, InlineTransfers inline) {
        var lock = new ImageLock("image", file.fd(), ImageLock.Mode.OFF);
        return new FileDevice("test", file, over, inline, tasks::add, false, lock);
    }

    @AfterEach
    void close() throws IOException {
        file.close();
    }

    private void runPool() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    private static void assertFailed(CompletableFuture<Void> flush) {
        assertFailed(flush, BlockErrorKind.IO);
    }

    private static void assertFailed(CompletableFuture<Void> flush, BlockErrorKind kind) {
        assertThatThrownBy(() -> flush.get(0, java.util.concurrent.TimeUnit.SECONDS))
                .cause()
                .asInstanceOf(type(BlockException.class))
                .returns(kind, BlockException::kind);
    }

    @Test
    void flushSyncsOnThePool() {
        CompletableFuture<Void> flush = device.flush().toFuture();
        assertThat(flush).isNotDone();
        assertThat(engine.syncs).isZero();
        runPool();
        assertThat(flush).isCompletedWithValue(null);
        assertThat(engine.syncs).isEqualTo(1);
    }

    @Test
    void failureIsSticky() {
        engine.errors.add(Errno.EIO);
        CompletableFuture<Void> first = device.flush().toFuture();
        runPool();
        assertFailed(first);

        CompletableFuture<Void> second = device.flush().toFuture();
        runPool();
        assertFailed(second);
        ByteBuffer src = ByteBuffer.allocateDirect(512);
        CompletableFuture<Void> forced =
                device.write(0, src, Set.of(WriteFlag.FUA)).toFuture();
        runPool();
        assertFailed(forced);
        assertThat(engine.syncs).isEqualTo(1);

        CompletableFuture<Void> plain =
                device.write(0, src.rewind(), WriteFlag.NONE).toFuture();
        runPool();
        assertThat(plain).isCompletedWithValue(null);
    }

    @Test
    void flushesThatComeTogetherShareASync() {
        CompletableFuture<Void> first = device.flush().toFuture();
        CompletableFuture<Void> second = device.flush().toFuture();
        assertThat(tasks).hasSize(1);
        runPool();
        assertThat(first).isCompletedWithValue(null);
        assertThat(second).isCompletedWithValue(null);
        assertThat(engine.syncs).isEqualTo(1);
    }

    @Test
    void flushThatComesDuringASyncGetsTheNext() {
        var late = new CompletableFuture<CompletableFuture<Void>>();
        var during = new ScriptedEngine() {
            @Override
            public void sync() throws IOException {
                super.sync();
                if (syncs == 1) {
                    late.complete(device.flush().toFuture());
                    assertThat(tasks).as("no second sync at the same time").isEmpty();
                }
            }
        };
        device = device(during, InlineTransfers.NONE);
        device.flush().subscribe();
        runPool();
        assertThat(during.syncs).isEqualTo(2);
        assertThat(late.join()).isCompletedWithValue(null);
    }

    @Test
    void flushThatComesDuringAFailingSyncFails() {
        var late = new CompletableFuture<CompletableFuture<Void>>();
        var during = new ScriptedEngine() {
            @Override
            public void sync() throws IOException {
                late.complete(device.flush().toFuture());
                super.sync();
            }
        };
        during.errors.add(Errno.EIO);
        device = device(during, InlineTransfers.NONE);
        CompletableFuture<Void> first = device.flush().toFuture();
        runPool();
        assertFailed(first);
        assertFailed(late.join());
        assertThat(during.syncs).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, Errno.EIO})
    void writesToAFileOnExt4DoNotWaitForASync(int errno) throws IOException {
        assumeTrue(Files.getFileStore(dir).type().equals("ext4"), "not ext4");
        InlineTransfers inline = InlineTransfers.of(file);
        var during = new ScriptedEngine() {
            @Override
            public void sync() throws IOException {
                assertThat(inline.write(ByteBuffer.allocateDirect(4096), 0)).isZero();
                super.sync();
            }
        };
        during.errors.add(errno);
        device = device(during, inline);
        CompletableFuture<Void> flush = device.flush().toFuture();
        assertThat(inline.write(ByteBuffer.allocateDirect(4096), 0))
                .as("the sync waits for a thread")
                .isZero();
        runPool();
        assertThat(flush).isDone();
        assertThat(during.syncs).isEqualTo(1);
        assertThat(inline.write(ByteBuffer.allocateDirect(4096), 0)).isEqualTo(4096);
    }

    @Test
    void forcedWriteSyncsAfterIt() {
        CompletableFuture<Void> write = device.write(0, ByteBuffer.allocateDirect(512), Set.of(WriteFlag.FUA))
                .toFuture();
        assertThat(write).isNotDone();
        runPool();
        assertThat(write).isCompletedWithValue(null);
        assertThat(engine.syncs).isEqualTo(1);
    }

    @Test
    void noFlushSyncsNever() {
        device = device(true);
        device.flush().block(Duration.ZERO);
        CompletableFuture<Void> write = device.write(0, ByteBuffer.allocateDirect(512), Set.of(WriteFlag.FUA))
                .toFuture();
        runPool();
        assertThat(write).isCompletedWithValue(null);
        assertThat(engine.syncs).isZero();
    }

    @Test
    void whatGetsNoThreadFails() {
        device = device(false, task -> {
            throw new OutOfMemoryError("unable to create native thread");
        });

        ByteBuffer src = ByteBuffer.allocateDirect(512);
        assertFailed(device.write(0, src, Set.of(WriteFlag.FUA)).toFuture(), BlockErrorKind.NO_MEMORY);
        assertFailed(device.flush().toFuture(), BlockErrorKind.NO_MEMORY);
        assertFailed(device.discard(0, 512).toFuture(), BlockErrorKind.NO_MEMORY);
    }
}
