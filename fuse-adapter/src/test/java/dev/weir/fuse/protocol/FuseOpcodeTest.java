package dev.weir.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FuseOpcodeTest {
    @ParameterizedTest
    @CsvSource(textBlock = """
        # code, name, bytes of the struct, payload, reply
        1, LOOKUP, 0, true, true
        2, FORGET, 8, false, false
        3, GETATTR, 16, false, true
        4, SETATTR, 88, false, true
        5, READLINK, 0, false, true
        6, SYMLINK, 0, true, true
        8, MKNOD, 16, true, true
        9, MKDIR, 8, true, true
        10, UNLINK, 0, true, true
        11, RMDIR, 0, true, true
        12, RENAME, 8, true, true
        13, LINK, 8, true, true
        14, OPEN, 8, false, true
        15, READ, 40, false, true
        16, WRITE, 40, true, true
        17, STATFS, 0, false, true
        18, RELEASE, 24, false, true
        20, FSYNC, 16, false, true
        21, SETXATTR, 8, true, true
        22, GETXATTR, 8, true, true
        23, LISTXATTR, 8, false, true
        24, REMOVEXATTR, 0, true, true
        25, FLUSH, 24, false, true
        26, INIT, 16, false, true
        27, OPENDIR, 8, false, true
        28, READDIR, 40, false, true
        29, RELEASEDIR, 24, false, true
        30, FSYNCDIR, 16, false, true
        31, GETLK, 48, false, true
        32, SETLK, 48, false, true
        33, SETLKW, 48, false, true
        34, ACCESS, 8, false, true
        35, CREATE, 16, true, true
        36, INTERRUPT, 8, false, false
        37, BMAP, 16, false, true
        38, DESTROY, 0, false, true
        39, IOCTL, 32, true, true
        40, POLL, 24, false, true
        41, NOTIFY_REPLY, 40, true, false
        42, BATCH_FORGET, 8, true, false
        43, FALLOCATE, 32, false, true
        44, READDIRPLUS, 40, false, true
        45, RENAME2, 16, true, true
        46, LSEEK, 24, false, true
        47, COPY_FILE_RANGE, 56, false, true
        48, SETUPMAPPING, 40, false, true
        49, REMOVEMAPPING, 4, true, true
        50, SYNCFS, 8, false, true
        51, TMPFILE, 16, true, true
        52, STATX, 24, false, true
        53, COPY_FILE_RANGE_64, 56, false, true
        """)
    void knowsTheTable(int code, FuseOpcode opcode, int minimumBody, boolean payload, boolean replied) {
        assertThat(FuseOpcode.of(code)).isSameAs(opcode);
        assertThat(opcode.code()).isEqualTo(code);
        assertThat(opcode.minimumBody()).isEqualTo(minimumBody);
        assertThat(opcode.hasPayload()).isEqualTo(payload);
        assertThat(opcode.replied()).isEqualTo(replied);
    }

    @Test
    void hasAsManyOperationsAsTheTable() {
        assertThat(FuseOpcode.values()).hasSize(51);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 19, 54, 4096, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void knowsNothingElse(int code) {
        assertThat(FuseOpcode.of(code)).isNull();
    }
}
