package dev.weir.storage.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.posix.Errno;
import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BlockErrorKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.CompletionHandler;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileErrorsTest {
    @ParameterizedTest
    @CsvSource({
        "28, NO_SPACE",
        "122, QUOTA_EXCEEDED",
        "27, FILE_TOO_LARGE",
        "30, READ_ONLY",
        "5, IO",
        "13, ACCESS_DENIED",
        "1, ACCESS_DENIED",
        "2, NOT_FOUND",
        "22, INVALID",
        "95, UNSUPPORTED",
        "38, UNSUPPORTED",
        "25, UNSUPPORTED",
        "6, NO_DATA",
        "16, BUSY",
        "12, NO_MEMORY",
        "110, TIMED_OUT",
        "116, IO"
    })
    void numberAndTextHaveOneKind(int errno, BlockErrorKind kind) {
        assertThat(FileErrors.kind(new PosixException(errno, "pwrite"))).isEqualTo(kind);
        assertThat(FileErrors.errno(new IOException(Errno.text(errno)))).isEqualTo(errno);
        assertThat(FileErrors.kind(new IOException(Errno.text(errno)))).isEqualTo(kind);
        assertThat(FileErrors.kind(new FileSystemException("a", null, Errno.text(errno))))
                .isEqualTo(kind);
    }

    @Test
    void otherFailures() {
        assertThat(FileErrors.kind(new IOException("something else"))).isEqualTo(BlockErrorKind.IO);
        assertThat(FileErrors.kind(new IOException())).isEqualTo(BlockErrorKind.IO);
        assertThat(FileErrors.kind(new IllegalStateException())).isEqualTo(BlockErrorKind.IO);
        assertThat(FileErrors.kind(new ClosedChannelException())).isEqualTo(BlockErrorKind.CLOSED);
        assertThat(FileErrors.kind(new NoSuchFileException("a"))).isEqualTo(BlockErrorKind.NOT_FOUND);
        assertThat(FileErrors.kind(new AccessDeniedException("a"))).isEqualTo(BlockErrorKind.ACCESS_DENIED);
        assertThat(FileErrors.kind(new OutOfMemoryError())).isEqualTo(BlockErrorKind.NO_MEMORY);
    }

    /** The JDK's own text for an error of a channel. */
    @Test
    void channelErrorIsUnderstood() throws Exception {
        assertThat(FileErrors.kind(failureOf("/dev/full", true))).isEqualTo(BlockErrorKind.NO_SPACE);
        assertThat(FileErrors.errno(failureOf("/proc/self/mem", false))).isEqualTo(Errno.EIO);
    }

    private static Throwable failureOf(String path, boolean write) throws Exception {
        int fd = PosixFile.open(path, write ? PosixFile.O_RDWR : PosixFile.O_RDONLY, 0);
        var failure = new CompletableFuture<Throwable>();
        var handler = new CompletionHandler<Integer, ByteBuffer>() {
            @Override
            public void completed(Integer count, ByteBuffer buffer) {
                failure.complete(new AssertionError("no failure"));
            }

            @Override
            public void failed(Throwable cause, ByteBuffer buffer) {
                failure.complete(cause);
            }
        };
        FileEngine engine = ChannelEngine.open(fd, !write, false, Runnable::run);
        try {
            if (write) {
                engine.write(ByteBuffer.allocateDirect(512), 0, handler);
            } else {
                engine.read(ByteBuffer.allocateDirect(512), 0, handler);
            }
            return failure.get(10, TimeUnit.SECONDS);
        } finally {
            engine.close();
            PosixFile.close(fd);
        }
    }

    @Test
    void failureTellsWhereAndWhat() {
        var cause = new PosixException(Errno.ENOSPC, "pwrite");
        assertThat(FileErrors.failed("disk", "write", 4096, cause))
                .hasMessage("disk: write at 4096: NO_SPACE (pwrite: No space left on device)")
                .hasCause(cause);
    }
}
