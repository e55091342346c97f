package dev.weir.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Requests for I/O and the header. Others: {@link FuseRequestLayoutOtherTest}. */
class FuseRequestLayoutTest {
    private static final int AT = 24;

    @Test
    void readsTheHeader() {
        ByteBuffer buffer = Wire.at(
                AT,
                "50 00 00 00", // len 80
                "0F 00 00 00", // opcode READ
                "02 01 00 00 00 00 00 80", // unique, sent again
                "01 00 00 00 00 00 00 00", // nodeid
                "E8 03 00 00", // uid 1000
                "E9 03 00 00", // gid 1001
                "2A 00 00 00", // pid 42
                "FE FF", // total_extlen 65534
                "00 00"); // padding

        assertThat(FuseInHeader.len(buffer, AT)).isEqualTo(80);
        assertThat(FuseInHeader.opcode(buffer, AT)).isEqualTo(15);
        assertThat(FuseInHeader.unique(buffer, AT)).isEqualTo(FuseProtocol.UNIQUE_RESEND | 0x102);
        assertThat(FuseInHeader.nodeid(buffer, AT)).isEqualTo(FuseProtocol.ROOT_ID);
        assertThat(FuseInHeader.uid(buffer, AT)).isEqualTo(1000);
        assertThat(FuseInHeader.gid(buffer, AT)).isEqualTo(1001);
        assertThat(FuseInHeader.pid(buffer, AT)).isEqualTo(42);
        assertThat(FuseInHeader.totalExtlen(buffer, AT)).isEqualTo(65534);
        assertThat(FuseInHeader.SIZE).isEqualTo(40);
    }

    @Test
    void readsRead() {
        ByteBuffer buffer = Wire.at(
                AT,
                "01 02 03 04 05 06 07 08", // fh
                "00 10 00 00 01 00 00 00", // offset 4 GiB + 4096
                "00 00 10 00", // size 1 MiB
                "02 00 00 00", // read_flags LOCKOWNER
                "11 22 33 44 55 66 77 88", // lock_owner
                "00 40 00 00", // flags
                "00 00 00 00"); // padding

        assertThat(FuseReadIn.fh(buffer, AT)).isEqualTo(0x0807060504030201L);
        assertThat(FuseReadIn.offset(buffer, AT)).isEqualTo(0x1_0000_1000L);
        assertThat(FuseReadIn.size(buffer, AT)).isEqualTo(0x10_0000);
        assertThat(FuseReadIn.readFlags(buffer, AT)).isEqualTo(FuseReadIn.FUSE_READ_LOCKOWNER);
        assertThat(FuseReadIn.lockOwner(buffer, AT)).isEqualTo(0x8877665544332211L);
        assertThat(FuseReadIn.flags(buffer, AT)).isEqualTo(0x4000);
        assertThat(FuseReadIn.SIZE).isEqualTo(40);
    }

    @Test
    void readsWrite() {
        ByteBuffer buffer = Wire.at(
                AT,
                "01 02 03 04 05 06 07 08", // fh
                "FF FF FF FF FF FF FF 7F", // offset, the largest
                "00 02 00 00", // size 512
                "05 00 00 00", // write_flags CACHE | KILL_SUIDGID
                "11 22 33 44 55 66 77 88", // lock_owner
                "01 80 00 00", // flags
                "00 00 00 00"); // padding

        assertThat(FuseWriteIn.fh(buffer, AT)).isEqualTo(0x0807060504030201L);
        assertThat(FuseWriteIn.offset(buffer, AT)).isEqualTo(Long.MAX_VALUE);
        assertThat(FuseWriteIn.size(buffer, AT)).isEqualTo(512);
        assertThat(FuseWriteIn.writeFlags(buffer, AT))
                .isEqualTo(FuseWriteIn.FUSE_WRITE_CACHE | FuseWriteIn.FUSE_WRITE_KILL_SUIDGID);
        assertThat(FuseWriteIn.FUSE_WRITE_LOCKOWNER).isEqualTo(2);
        assertThat(FuseWriteIn.lockOwner(buffer, AT)).isEqualTo(0x8877665544332211L);
        assertThat(FuseWriteIn.flags(buffer, AT)).isEqualTo(0x8001);
        assertThat(FuseProtocol.WRITE_DATA_AT).isEqualTo(80);
    }

    @Test
    void readsFallocate() {
        ByteBuffer buffer = Wire.at(
                AT,
                "01 02 03 04 05 06 07 08", // fh
                "00 02 00 00 00 00 00 00", // offset 512
                "00 04 00 00 02 00 00 00", // length 8 GiB + 1024
                "13 00 00 00", // mode KEEP_SIZE | PUNCH_HOLE | ZERO_RANGE
                "00 00 00 00"); // padding

        assertThat(FuseFallocateIn.fh(buffer, AT)).isEqualTo(0x0807060504030201L);
        assertThat(FuseFallocateIn.offset(buffer, AT)).isEqualTo(512);
        assertThat(FuseFallocateIn.length(buffer, AT)).isEqualTo(0x2_0000_0400L);
        assertThat(FuseFallocateIn.mode(buffer, AT))
                .isEqualTo(FuseFallocateIn.FALLOC_FL_KEEP_SIZE
                        | FuseFallocateIn.FALLOC_FL_PUNCH_HOLE
                        | FuseFallocateIn.FALLOC_FL_ZERO_RANGE);
        assertThat(FuseFallocateIn.FALLOC_FL_PUNCH_HOLE).isEqualTo(2);
        assertThat(FuseFallocateIn.SIZE).isEqualTo(32);
    }

    @Test
    void readsLseek() {
        ByteBuffer buffer = Wire.at(
                AT,
                "01 02 03 04 05 06 07 08", // fh
                "09 00 00 00 00 00 00 00", // offset
                "04 00 00 00", // whence SEEK_HOLE
                "00 00 00 00"); // padding

        assertThat(FuseLseekIn.fh(buffer, AT)).isEqualTo(0x0807060504030201L);
        assertThat(FuseLseekIn.offset(buffer, AT)).isEqualTo(9);
        assertThat(FuseLseekIn.whence(buffer, AT)).isEqualTo(FuseLseekIn.SEEK_HOLE);
        assertThat(FuseLseekIn.SEEK_DATA).isEqualTo(3);
        assertThat(FuseLseekIn.SIZE).isEqualTo(24);
    }

    @Test
    void readsFsync() {
        ByteBuffer buffer = Wire.at(
                AT,
                "01 02 03 04 05 06 07 08", // fh
                "01 00 00 00", // fsync_flags FDATASYNC
                "00 00 00 00"); // padding

        assertThat(FuseFsyncIn.fh(buffer, AT)).isEqualTo(0x0807060504030201L);
        assertThat(FuseFsyncIn.fsyncFlags(buffer, AT)).isEqualTo(FuseFsyncIn.FUSE_FSYNC_FDATASYNC);
        assertThat(FuseFsyncIn.SIZE).isEqualTo(16);
    }

    @Test
    void readsFlush() {
        ByteBuffer buffer = Wire.at(
                AT,
                "01 02 03 04 05 06 07 08", // fh
                "00 00 00 00", // unused
                "00 00 00 00", // padding
                "11 22 33 44 55 66 77 88"); // lock_owner

        assertThat(FuseFlushIn.fh(buffer, AT)).isEqualTo(0x0807060504030201L);
        assertThat(FuseFlushIn.lockOwner(buffer, AT)).isEqualTo(0x8877665544332211L);
        assertThat(FuseFlushIn.SIZE).isEqualTo(24);
    }

    @Test
    void readsCopyFileRange() {
        ByteBuffer buffer = Wire.at(
                AT,
                "01 00 00 00 00 00 00 00", // fh_in
                "02 00 00 00 00 00 00 00", // off_in
                "03 00 00 00 00 00 00 00", // nodeid_out
                "04 00 00 00 00 00 00 00", // fh_out
                "05 00 00 00 00 00 00 00", // off_out
                "06 00 00 00 01 00 00 00", // len 4 GiB + 6
                "07 00 00 00 00 00 00 00"); // flags

        assertThat(FuseCopyFileRangeIn.fhIn(buffer, AT)).isEqualTo(1);
        assertThat(FuseCopyFileRangeIn.offIn(buffer, AT)).isEqualTo(2);
        assertThat(FuseCopyFileRangeIn.nodeidOut(buffer, AT)).isEqualTo(3);
        assertThat(FuseCopyFileRangeIn.fhOut(buffer, AT)).isEqualTo(4);
        assertThat(FuseCopyFileRangeIn.offOut(buffer, AT)).isEqualTo(5);
        assertThat(FuseCopyFileRangeIn.len(buffer, AT)).isEqualTo(0x1_0000_0006L);
        assertThat(FuseCopyFileRangeIn.flags(buffer, AT)).isEqualTo(7);
        assertThat(FuseCopyFileRangeIn.SIZE).isEqualTo(56);
    }
}
