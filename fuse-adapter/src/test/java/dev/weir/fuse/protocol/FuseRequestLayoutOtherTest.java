package dev.weir.fuse.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** Requests about the session, the inode and open files. */
class FuseRequestLayoutOtherTest {
    private static final int AT = 24;

    @Test
    void readsInit() {
        ByteBuffer buffer = Wire.at(
                AT,
                "07 00 00 00", // major
                "2D 00 00 00", // minor 45
                "00 00 02 00", // max_readahead 131072
                "FB FF FF 73", // flags
                "FD 07 00 00", // flags2
                "00 00 00 00".repeat(11)); // unused

        assertThat(FuseInitIn.major(buffer, AT)).isEqualTo(7);
        assertThat(FuseInitIn.minor(buffer, AT)).isEqualTo(45);
        assertThat(FuseInitIn.maxReadahead(buffer, AT)).isEqualTo(131072);
        assertThat(FuseInitIn.flags(buffer, AT, FuseInitIn.SIZE)).isEqualTo(0x7FD_73FFFFFBL);
        assertThat(FuseInitIn.SIZE).isEqualTo(64);
    }

    @Test
    void readsNoFlags2OfAKernelThatDoesNotExtendInit() {
        ByteBuffer buffer = Wire.at(
                AT,
                "07 00 00 00", // major
                "24 00 00 00", // minor 36
                "00 00 02 00", // max_readahead 131072
                "FB FF FF 33", // flags without INIT_EXT
                "FD 07 00 00", // flags2
                "00 00 00 00".repeat(11)); // unused

        assertThat(FuseInitIn.flags(buffer, AT, FuseInitIn.SIZE)).isEqualTo(0x33FFFFFBL);
    }

    @Test
    void readsTheShortInitOfAnOldKernelWithoutTouchingWhatFollows() {
        ByteBuffer buffer = Wire.at(
                AT,
                "07 00 00 00", // major
                "1F 00 00 00", // minor 31
                "00 00 02 00", // max_readahead
                "FB FF FF 73"); // flags; 0xEE follows

        assertThat(FuseInitIn.minor(buffer, AT)).isEqualTo(31);
        assertThat(FuseInitIn.flags(buffer, AT, FuseInitIn.COMPAT_SIZE)).isEqualTo(0x73FFFFFBL);
    }

    @Test
    void readsGetattr() {
        ByteBuffer buffer = Wire.at(
                AT,
                "01 00 00 00", // getattr_flags FH
                "00 00 00 00", // dummy
                "01 02 03 04 05 06 07 08"); // fh

        assertThat(FuseGetattrIn.getattrFlags(buffer, AT)).isEqualTo(FuseGetattrIn.FUSE_GETATTR_FH);
        assertThat(FuseGetattrIn.fh(buffer, AT)).isEqualTo(0x0807060504030201L);
        assertThat(FuseGetattrIn.SIZE).isEqualTo(16);
    }

    @Test
    void readsSetattr() {
        ByteBuffer buffer = Wire.at(
                AT,
                "49 08 00 00", // valid MODE | SIZE | FH | KILL_SUIDGID
                "00 00 00 00", // padding
                "01 02 03 04 05 06 07 08", // fh
                "00 00 00 04 00 00 00 00", // size 64 MiB
                "11 22 33 44 55 66 77 88", // lock_owner
                "01 00 00 00 00 00 00 00", // atime
                "FF FF FF FF FF FF FF FF", // mtime, before the epoch
                "03 00 00 00 00 00 00 00", // ctime
                "04 00 00 00", // atimensec
                "05 00 00 00", // mtimensec
                "06 00 00 00", // ctimensec
                "A4 81 00 00", // mode 0100644
                "00 00 00 00", // unused4
                "E8 03 00 00", // uid
                "E9 03 00 00", // gid
                "00 00 00 00"); // unused5

        assertThat(FuseSetattrIn.valid(buffer, AT))
                .isEqualTo(FuseSetattrIn.FATTR_MODE
                        | FuseSetattrIn.FATTR_SIZE
                        | FuseSetattrIn.FATTR_FH
                        | FuseSetattrIn.FATTR_KILL_SUIDGID);
        assertThat(FuseSetattrIn.fh(buffer, AT)).isEqualTo(0x0807060504030201L);
        assertThat(FuseSetattrIn.size(buffer, AT)).isEqualTo(0x400_0000);
        assertThat(FuseSetattrIn.lockOwner(buffer, AT)).isEqualTo(0x8877665544332211L);
        assertThat(FuseSetattrIn.atime(buffer, AT)).isEqualTo(1);
        assertThat(FuseSetattrIn.mtime(buffer, AT)).isEqualTo(-1);
        assertThat(FuseSetattrIn.ctime(buffer, AT)).isEqualTo(3);
        assertThat(FuseSetattrIn.atimensec(buffer, AT)).isEqualTo(4);
        assertThat(FuseSetattrIn.mtimensec(buffer, AT)).isEqualTo(5);
        assertThat(FuseSetattrIn.ctimensec(buffer, AT)).isEqualTo(6);
        assertThat(FuseSetattrIn.mode(buffer, AT)).isEqualTo(0100644);
        assertThat(FuseSetattrIn.uid(buffer, AT)).isEqualTo(1000);
        assertThat(FuseSetattrIn.gid(buffer, AT)).isEqualTo(1001);
        assertThat(FuseSetattrIn.SIZE).isEqualTo(88);
    }

    @Test
    void setattrBitsHaveTheNumbersOfTheKernel() {
        assertThat(new int[] {
                    FuseSetattrIn.FATTR_MODE,
                    FuseSetattrIn.FATTR_UID,
                    FuseSetattrIn.FATTR_GID,
                    FuseSetattrIn.FATTR_SIZE,
                    FuseSetattrIn.FATTR_ATIME,
                    FuseSetattrIn.FATTR_MTIME,
                    FuseSetattrIn.FATTR_FH,
                    FuseSetattrIn.FATTR_ATIME_NOW,
                    FuseSetattrIn.FATTR_MTIME_NOW,
                    FuseSetattrIn.FATTR_LOCKOWNER,
                    FuseSetattrIn.FATTR_CTIME,
                    FuseSetattrIn.FATTR_KILL_SUIDGID
                })
                .containsExactly(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048);
    }

    @Test
    void readsOpen() {
        ByteBuffer buffer = Wire.at(
                AT,
                "02 86 00 00", // flags O_RDWR | O_TRUNC | O_APPEND | O_LARGEFILE
                "01 00 00 00"); // open_flags KILL_SUIDGID

        int flags = FuseOpenIn.flags(buffer, AT);
        assertThat(flags & FuseOpenIn.O_ACCMODE).isEqualTo(FuseOpenIn.O_RDWR);
        assertThat(flags & FuseOpenIn.O_TRUNC).isEqualTo(01000);
        assertThat(flags & FuseOpenIn.O_APPEND).isEqualTo(02000);
        assertThat(FuseOpenIn.openFlags(buffer, AT)).isEqualTo(FuseOpenIn.FUSE_OPEN_KILL_SUIDGID);
        assertThat(FuseOpenIn.SIZE).isEqualTo(8);
    }

    @Test
    void readsRelease() {
        ByteBuffer buffer = Wire.at(
                AT,
                "01 02 03 04 05 06 07 08", // fh
                "02 80 00 00", // flags
                "03 00 00 00", // release_flags FLUSH | FLOCK_UNLOCK
                "11 22 33 44 55 66 77 88"); // lock_owner

        assertThat(FuseReleaseIn.fh(buffer, AT)).isEqualTo(0x0807060504030201L);
        assertThat(FuseReleaseIn.flags(buffer, AT)).isEqualTo(0x8002);
        assertThat(FuseReleaseIn.releaseFlags(buffer, AT))
                .isEqualTo(FuseReleaseIn.FUSE_RELEASE_FLUSH | FuseReleaseIn.FUSE_RELEASE_FLOCK_UNLOCK);
        assertThat(FuseReleaseIn.lockOwner(buffer, AT)).isEqualTo(0x8877665544332211L);
        assertThat(FuseReleaseIn.SIZE).isEqualTo(24);
    }

    @Test
    void readsInterruptForgetAndAccess() {
        ByteBuffer buffer = Wire.at(AT, "11 22 33 44 55 66 77 88"); // unique, nlookup, mask and padding

        assertThat(FuseInterruptIn.unique(buffer, AT)).isEqualTo(0x8877665544332211L);
        assertThat(FuseForgetIn.nlookup(buffer, AT)).isEqualTo(0x8877665544332211L);
        assertThat(FuseAccessIn.mask(buffer, AT)).isEqualTo(0x44332211);
        assertThat(new int[] {FuseInterruptIn.SIZE, FuseForgetIn.SIZE, FuseAccessIn.SIZE})
                .containsOnly(8);
    }

    @Test
    void readsBatchForget() {
        ByteBuffer buffer = Wire.at(
                AT,
                "02 00 00 00", // count
                "00 00 00 00", // dummy
                "05 00 00 00 00 00 00 00", // nodeid
                "06 00 00 00 00 00 00 00", // nlookup
                "07 00 00 00 00 00 00 00", // nodeid
                "08 00 00 00 00 00 00 00"); // nlookup

        int second = AT + FuseBatchForgetIn.SIZE + FuseBatchForgetIn.FORGET_ONE_SIZE;
        assertThat(FuseBatchForgetIn.count(buffer, AT)).isEqualTo(2);
        assertThat(FuseBatchForgetIn.forgetOneNodeid(buffer, second)).isEqualTo(7);
        assertThat(FuseBatchForgetIn.forgetOneNlookup(buffer, second)).isEqualTo(8);
    }
}
