package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.protocol.Errno;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrnoMapperTest {
    private static final Map<BlockErrorKind, Errno> TABLE = Map.ofEntries(
            Map.entry(BlockErrorKind.IO, Errno.EIO),
            Map.entry(BlockErrorKind.NO_SPACE, Errno.ENOSPC),
            Map.entry(BlockErrorKind.QUOTA_EXCEEDED, Errno.EDQUOT),
            Map.entry(BlockErrorKind.FILE_TOO_LARGE, Errno.EFBIG),
            Map.entry(BlockErrorKind.READ_ONLY, Errno.EROFS),
            Map.entry(BlockErrorKind.ACCESS_DENIED, Errno.EPERM),
            Map.entry(BlockErrorKind.NOT_FOUND, Errno.ENOENT),
            Map.entry(BlockErrorKind.OUT_OF_RANGE, Errno.EIO),
            Map.entry(BlockErrorKind.INVALID, Errno.EINVAL),
            Map.entry(BlockErrorKind.UNSUPPORTED, Errno.EOPNOTSUPP),
            Map.entry(BlockErrorKind.INVALID_FORMAT, Errno.EINVAL),
            Map.entry(BlockErrorKind.BUSY, Errno.EBUSY),
            Map.entry(BlockErrorKind.NO_DATA, Errno.ENXIO),
            Map.entry(BlockErrorKind.NO_MEMORY, Errno.ENOMEM),
            Map.entry(BlockErrorKind.TIMED_OUT, Errno.ETIMEDOUT),
            Map.entry(BlockErrorKind.CLOSED, Errno.EIO));

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    @ParameterizedTest
    @EnumSource(BlockErrorKind.class)
    void aKindReachesTheClientAsItsErrno(BlockErrorKind kind) {
        ScriptedFuseDevice kernel = fuse.serve(new ControlledDevice(4096).behave(call -> call.fail(kind)));

        kernel.call(KernelRequest.read(0, 512)).fails(TABLE.get(kind));
        kernel.call(KernelRequest.write(0, new byte[512])).fails(TABLE.get(kind));
    }

    @Test
    void whateverElseGoesWrongIsAnInputOutputError() {
        assertThat(ErrnoMapper.errnoOf(new IOException("x"))).isEqualTo(Errno.EIO);
        assertThat(ErrnoMapper.errnoOf(new NullPointerException())).isEqualTo(Errno.EIO);
        assertThat(ErrnoMapper.errnoOf(new StackOverflowError())).isEqualTo(Errno.EIO);
        assertThat(ErrnoMapper.errnoOf(new OutOfMemoryError())).isEqualTo(Errno.ENOMEM);
    }

    @Test
    void noErrorIsNotImplemented() {
        assertThat(TABLE.values()).doesNotContain(Errno.ENOSYS);
        assertThat(TABLE.keySet()).containsExactlyInAnyOrder(BlockErrorKind.values());
    }

    @Test
    void whatAClientCausesIsNotForTheLog() {
        Set<BlockErrorKind> expected = Arrays.stream(BlockErrorKind.values())
                .filter(kind -> ErrnoMapper.expected(BlockException.of(kind, "x")))
                .collect(Collectors.toSet());

        assertThat(expected)
                .containsExactlyInAnyOrder(
                        BlockErrorKind.READ_ONLY,
                        BlockErrorKind.UNSUPPORTED,
                        BlockErrorKind.NO_DATA,
                        BlockErrorKind.INVALID,
                        BlockErrorKind.NO_SPACE,
                        BlockErrorKind.QUOTA_EXCEEDED,
                        BlockErrorKind.FILE_TOO_LARGE);
        assertThat(ErrnoMapper.expected(new IllegalStateException())).isFalse();
    }
}
