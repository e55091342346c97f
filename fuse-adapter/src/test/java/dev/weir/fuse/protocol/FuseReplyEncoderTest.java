package dev.weir.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FuseReplyEncoderTest {
    private static final int AT = 8;
    private static final long UNIQUE = 0x0807060504030201L;
    private static final String UNIQUE_BYTES = "01 02 03 04 05 06 07 08";
    private static final FuseInitReply INIT_REPLY =
            new FuseInitReply(7, 45, 131072, 0x10_40408001L, 65535, 49151, 1 << 20, 1, 256, 12, 2, 30);

    private final ByteBuffer buffer = Wire.noise(256);

    @AfterEach
    void leavesPositionAndLimitAlone() {
        assertThat(buffer.position()).isZero();
        assertThat(buffer.limit()).isEqualTo(256);
    }

    private void assertWritten(int length, String... fields) {
        byte[] expected = Wire.bytes(fields);
        byte[] actual = new byte[expected.length];
        buffer.get(AT, actual);
        assertThat(actual).asHexString().isEqualTo(hex(expected));
        assertThat(length).isEqualTo(expected.length);
        assertThat(buffer.getLong(AT - 8)).as("before the reply").isEqualTo(0xEEEEEEEE_EEEEEEEEL);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().withUpperCase().formatHex(bytes);
    }

    private void assertNothingAfter(int length) {
        assertThat(buffer.getLong(AT + length)).as("after the reply").isEqualTo(0xEEEEEEEE_EEEEEEEEL);
    }

    @Test
    void writesAnError() {
        int length = FuseReplyEncoder.error(buffer, AT, UNIQUE, Errno.ENOSPC);

        assertWritten(
                length,
                "10 00 00 00", // len 16
                "E4 FF FF FF", // error -28
                UNIQUE_BYTES);
        assertNothingAfter(length);
    }

    @Test
    void writesAnEmptyReply() {
        int length = FuseReplyEncoder.empty(buffer, AT, UNIQUE);

        assertWritten(length, "10 00 00 00", "00 00 00 00", UNIQUE_BYTES);
        assertNothingAfter(length);
    }

    @Test
    void writesTheHeaderOfDataWithoutTouchingTheData() {
        int length = FuseReplyEncoder.dataHeader(buffer, AT, UNIQUE, 1 << 20);

        assertWritten(
                length,
                "10 00 10 00", // len 1 MiB + 16
                "00 00 00 00", // error
                UNIQUE_BYTES);
        assertNothingAfter(length);
    }

    @Test
    void writesInit() {
        int length = FuseReplyEncoder.init(buffer, AT, UNIQUE, 45, INIT_REPLY);

        assertWritten(
                length,
                "50 00 00 00", // len 80
                "00 00 00 00", // error
                UNIQUE_BYTES,
                "07 00 00 00", // major
                "2D 00 00 00", // minor 45
                "00 00 02 00", // max_readahead 131072
                "01 80 40 40", // flags INIT_EXT | MAX_PAGES | ASYNC_DIO | ASYNC_READ
                "FF FF", // max_background 65535
                "FF BF", // congestion_threshold 49151
                "00 00 10 00", // max_write 1 MiB
                "01 00 00 00", // time_gran
                "00 01", // max_pages 256
                "0C 00", // map_alignment
                "10 00 00 00", // flags2 DIRECT_IO_ALLOW_MMAP
                "02 00 00 00", // max_stack_depth
                "1E 00", // request_timeout 30 s
                "00 00".repeat(11)); // unused
        assertNothingAfter(length);
    }

    @ParameterizedTest
    @CsvSource({"4, 24", "5, 40", "22, 40", "23, 80", "31, 80", "45, 80", "99, 80"})
    void cutsInitToWhatTheKernelKnows(int kernelMinor, int expected) {
        int length = FuseReplyEncoder.init(buffer, AT, UNIQUE, kernelMinor, INIT_REPLY);

        assertThat(length).isEqualTo(expected);
        assertThat(buffer.getInt(AT)).as("len in the header").isEqualTo(expected);
    }

    @Test
    void initRefusesFlagsThatTheKernelWouldIgnore() {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        new FuseInitReply(7, 45, 0, FuseInitFlags.DIRECT_IO_ALLOW_MMAP, 0, 0, 4096, 1, 1, 0, 0, 0))
                .withMessageContaining("INIT_EXT");
    }

    @Test
    void initRefusesNumbersThatDoNotFit() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new FuseInitReply(7, 45, 0, 0, 65536, 0, 4096, 1, 1, 0, 0, 0))
                .withMessageContaining("maxBackground")
                .withMessageContaining("65536");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new FuseInitReply(7, 45, 0, 0, 0, 0, 4096, 1, -1, 0, 0, 0))
                .withMessageContaining("maxPages");
    }

    @Test
    void writesAttributes() {
        FuseAttr attr = new FuseAttr(
                1, 0x1_0000_0200L, 3, 4, -5, 6, 7, 8, 9, FuseAttr.S_IFREG | 0600, 11, 1000, 1001, 14, 4096, 16);

        int length = FuseReplyEncoder.attr(buffer, AT, UNIQUE, 1, 500_000_000, attr);

        assertWritten(
                length,
                "78 00 00 00", // len 120
                "00 00 00 00", // error
                UNIQUE_BYTES,
                "01 00 00 00 00 00 00 00", // attr_valid
                "00 65 CD 1D", // attr_valid_nsec
                "00 00 00 00", // dummy
                "01 00 00 00 00 00 00 00", // ino
                "00 02 00 00 01 00 00 00", // size 4 GiB + 512
                "03 00 00 00 00 00 00 00", // blocks
                "04 00 00 00 00 00 00 00", // atime
                "FB FF FF FF FF FF FF FF", // mtime -5
                "06 00 00 00 00 00 00 00", // ctime
                "07 00 00 00", // atimensec
                "08 00 00 00", // mtimensec
                "09 00 00 00", // ctimensec
                "80 81 00 00", // mode 0100600
                "0B 00 00 00", // nlink
                "E8 03 00 00", // uid
                "E9 03 00 00", // gid
                "0E 00 00 00", // rdev
                "00 10 00 00", // blksize
                "10 00 00 00"); // flags
        assertThat(length).isEqualTo(FuseReplyEncoder.MAX_SIZE);
        assertNothingAfter(length);
    }

    @Test
    void writesOpen() {
        int length = FuseReplyEncoder.open(
                buffer,
                AT,
                UNIQUE,
                0x1122334455667788L,
                FuseOpenOut.FOPEN_DIRECT_IO | FuseOpenOut.FOPEN_PARALLEL_DIRECT_WRITES,
                0);

        assertWritten(
                length,
                "20 00 00 00", // len 32
                "00 00 00 00", // error
                UNIQUE_BYTES,
                "88 77 66 55 44 33 22 11", // fh
                "41 00 00 00", // open_flags
                "00 00 00 00"); // backing_id
        assertNothingAfter(length);
    }

    @Test
    void openBitsHaveTheNumbersOfTheKernel() {
        assertThat(new int[] {
                    FuseOpenOut.FOPEN_DIRECT_IO,
                    FuseOpenOut.FOPEN_KEEP_CACHE,
                    FuseOpenOut.FOPEN_NONSEEKABLE,
                    FuseOpenOut.FOPEN_CACHE_DIR,
                    FuseOpenOut.FOPEN_STREAM,
                    FuseOpenOut.FOPEN_NOFLUSH,
                    FuseOpenOut.FOPEN_PARALLEL_DIRECT_WRITES,
                    FuseOpenOut.FOPEN_PASSTHROUGH
                })
                .containsExactly(1, 2, 4, 8, 16, 32, 64, 128);
    }

    @Test
    void writesTheBackingIdOfAPassthroughOpen() {
        FuseOpenOut.encode(buffer, AT, 5, FuseOpenOut.FOPEN_PASSTHROUGH, 0x01020304);

        assertWritten(
                FuseOpenOut.SIZE,
                "05 00 00 00 00 00 00 00", // fh
                "80 00 00 00", // open_flags
                "04 03 02 01"); // backing_id
    }

    @Test
    void writesWrite() {
        int length = FuseReplyEncoder.write(buffer, AT, UNIQUE, 0x10_0000);

        assertWritten(
                length,
                "18 00 00 00", // len 24
                "00 00 00 00", // error
                UNIQUE_BYTES,
                "00 00 10 00", // size 1 MiB
                "00 00 00 00"); // padding
        assertNothingAfter(length);
    }

    @Test
    void writesLseek() {
        int length = FuseReplyEncoder.lseek(buffer, AT, UNIQUE, 0x1_0000_1000L);

        assertWritten(
                length,
                "18 00 00 00", // len 24
                "00 00 00 00", // error
                UNIQUE_BYTES,
                "00 10 00 00 01 00 00 00"); // offset 4 GiB + 4096
        assertNothingAfter(length);
    }

    @Test
    void writesStatfs() {
        int length = FuseReplyEncoder.statfs(buffer, AT, UNIQUE, new FuseStatfs(1, 2, 3, 4, 5, 4096, 255, 512));

        assertWritten(
                length,
                "60 00 00 00", // len 96
                "00 00 00 00", // error
                UNIQUE_BYTES,
                "01 00 00 00 00 00 00 00", // blocks
                "02 00 00 00 00 00 00 00", // bfree
                "03 00 00 00 00 00 00 00", // bavail
                "04 00 00 00 00 00 00 00", // files
                "05 00 00 00 00 00 00 00", // ffree
                "00 10 00 00", // bsize
                "FF 00 00 00", // namelen
                "00 02 00 00", // frsize
                "00 00 00 00", // padding
                "00 00 00 00".repeat(6)); // spare
        assertNothingAfter(length);
    }

    @Test
    void writesTheNotificationToInvalidateAnInode() {
        int length = FuseReplyEncoder.invalInode(buffer, AT, 1, -1, 0x1_0000_0000L);

        assertWritten(
                length,
                "28 00 00 00", // len 40
                "02 00 00 00", // error carries the code: INVAL_INODE
                "00 00 00 00 00 00 00 00", // unique 0 marks a notification
                "01 00 00 00 00 00 00 00", // ino
                "FF FF FF FF FF FF FF FF", // off -1
                "00 00 00 00 01 00 00 00"); // len 4 GiB
        assertNothingAfter(length);
    }
}
