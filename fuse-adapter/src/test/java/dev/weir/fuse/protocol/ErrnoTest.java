package dev.weir.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ErrnoTest {
    @ParameterizedTest
    @CsvSource({
        "EPERM, 1",
        "ENOENT, 2",
        "EINTR, 4",
        "EIO, 5",
        "ENXIO, 6",
        "E2BIG, 7",
        "EBADF, 9",
        "EAGAIN, 11",
        "ENOMEM, 12",
        "EACCES, 13",
        "EBUSY, 16",
        "EEXIST, 17",
        "ENODEV, 19",
        "ENOTDIR, 20",
        "EINVAL, 22",
        "ENOTTY, 25",
        "EFBIG, 27",
        "ENOSPC, 28",
        "EROFS, 30",
        "ERANGE, 34",
        "ENAMETOOLONG, 36",
        "ENOSYS, 38",
        "ENODATA, 61",
        "EPROTO, 71",
        "EOVERFLOW, 75",
        "EOPNOTSUPP, 95",
        "ECONNABORTED, 103",
        "ENOTCONN, 107",
        "ETIMEDOUT, 110",
        "ECONNREFUSED, 111",
        "ESTALE, 116",
        "EDQUOT, 122",
        "ECANCELED, 125",
        "ENOKEY, 126"
    })
    void bearsTheNumbersOfLinux(Errno errno, int code) {
        assertThat(errno.code()).isEqualTo(code);
    }

    @ParameterizedTest
    @EnumSource
    void isFoundByItsNumber(Errno errno) {
        assertThat(Errno.of(errno.code())).isSameAs(errno);
        assertThat(errno.code()).as("what the kernel takes as an error").isBetween(1, 511);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, -5, -38, 41, 127, 512, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void isEioForAnyOtherNumber(int code) {
        assertThat(Errno.of(code)).isSameAs(Errno.EIO);
    }

    @Test
    void enotsupIsTheNumberOfLinuxNotOfMacOs() {
        assertThat(Errno.ENOTSUP).isSameAs(Errno.EOPNOTSUPP);
    }
}
