package dev.weir.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.posix.PosixFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

class BlockingCallsTest {
    @TempDir
    Path directory;

    @Test
    void fileCallsAreRefusedOnReactorsParallelThreads() throws Exception {
        try (var file =
                FileChannel.open(directory.resolve("f"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            Mono<Integer> write = Mono.fromCallable(() -> file.write(ByteBuffer.allocateDirect(1), 0));

            assertThatThrownBy(() -> write.subscribeOn(Schedulers.parallel()).block())
                    .hasRootCauseInstanceOf(BlockingOperationError.class);
            assertThat(write.subscribeOn(Schedulers.boundedElastic()).block()).isOne();
        }
        assertThat(BlockingCalls.take())
                .singleElement()
                .satisfies(error -> assertThat(error).hasMessageContaining("pwrite0"));
    }

    @Test
    void callsOfLibcAreRefusedToo() {
        Mono<Integer> open = Mono.fromCallable(() -> PosixFile.open("/dev/null", PosixFile.O_RDONLY, 0));

        assertThatThrownBy(() -> open.subscribeOn(Schedulers.parallel()).block())
                .hasRootCauseInstanceOf(BlockingOperationError.class);
        assertThat(BlockingCalls.take()).hasSize(1);
    }

    @Test
    void aTestFailsForABlockingCallThatTheCodeSwallowed() {
        Mono<Integer> swallowed = Mono.<Integer>fromRunnable(BlockingCallsTest::sleep)
                .onErrorResume(Throwable.class, e -> Mono.just(-1))
                .subscribeOn(Schedulers.parallel());
        assertThat(swallowed.block()).isEqualTo(-1);

        assertThatThrownBy(() -> new BlockingCalls().afterEach(null))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("1 blocking call")
                .satisfies(failure -> assertThat(failure.getSuppressed()).hasSize(1));
    }

    private static void sleep() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
