package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.testing.BlockingCalls;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;
import reactor.blockhound.BlockingOperationError;

/** That the tests notice when something blocks an event loop. */
class EventLoopTest {
    private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("test-loop", true), EpollIoHandler.newFactory());

    @TempDir
    Path directory;

    @AfterEach
    void stop() throws InterruptedException {
        group.shutdownGracefully(0, 0, TimeUnit.SECONDS).await();
    }

    @Test
    void sleepingIsNoticed() {
        assertRefusedOnLoop("sleep", () -> {
            Thread.sleep(1);
            return null;
        });
    }

    @Test
    void waitingForALockIsNoticed() {
        assertRefusedOnLoop("park", () -> new CountDownLatch(1).await(1, TimeUnit.SECONDS));
    }

    @Test
    void forcingAFileIsNoticed() throws Exception {
        try (var file =
                FileChannel.open(directory.resolve("f"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            assertRefusedOnLoop("force0", () -> {
                file.force(false);
                return null;
            });
        }
    }

    @Test
    void loggingIsAllowed() throws Exception {
        group.submit(() -> LoggerFactory.getLogger("dev.weir.test").warn("a warning from an event loop"))
                .get();
        assertThat(BlockingCalls.take()).isEmpty();
    }

    private void assertRefusedOnLoop(String method, Callable<?> call) {
        assertThatThrownBy(() -> group.submit(call).get())
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(BlockingOperationError.class);
        assertThat(BlockingCalls.take())
                .singleElement()
                .satisfies(error -> assertThat(error).hasMessageContaining(method));
    }
}
