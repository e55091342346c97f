package dev.weir.fuse.session;

import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_ATIME;
import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_ATIME_NOW;
import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_CTIME;
import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_FH;
import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_GID;
import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_KILL_SUIDGID;
import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_LOCKOWNER;
import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_MODE;
import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_MTIME;
import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_MTIME_NOW;
import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_SIZE;
import static dev.weir.fuse.protocol.FuseSetattrIn.FATTR_UID;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.protocol.Errno;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockLimits;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** GETATTR and SETATTR. Places of attributes are those of {@code fuse_attr_out}. */
class AttributesTest {
    private static final int ATTR = 16;
    private static final int SIZE = ATTR + 8;
    private static final int BLOCKS = ATTR + 16;
    private static final int ATIME = ATTR + 24;
    private static final int MTIME = ATTR + 32;
    private static final int CTIME = ATTR + 40;
    private static final int MTIMENSEC = ATTR + 52;
    private static final int MODE = ATTR + 60;
    private static final int UID = ATTR + 68;
    private static final int GID = ATTR + 72;
    private static final int BLKSIZE = ATTR + 80;

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(10_000).allocated(4097);

    private static KernelReply getattr(ScriptedFuseDevice kernel) {
        return kernel.call(KernelRequest.getattr()).succeeds(104);
    }

    private static boolean isNow(long seconds) {
        return Math.abs(System.currentTimeMillis() / 1000 - seconds) < 60;
    }

    @Test
    void getattrShowsARegularFile() {
        KernelReply attr = getattr(fuse.serve(device));

        assertThat(attr.u64(0)).as("attr_valid").isOne();
        assertThat(attr.u32(8)).as("attr_valid_nsec").isZero();
        assertThat(attr.u64(ATTR)).as("ino").isOne();
        assertThat(attr.u64(SIZE)).isEqualTo(10_000);
        assertThat(attr.u64(BLOCKS)).isEqualTo(9);
        assertThat(attr.u32(MODE)).isEqualTo(0100600);
        assertThat(attr.u32(ATTR + 64)).as("nlink").isOne();
        assertThat(attr.u32(UID)).isEqualTo(1000);
        assertThat(attr.u32(GID)).isEqualTo(1000);
        assertThat(attr.u32(BLKSIZE)).isEqualTo(4096);
        assertThat(isNow(attr.u64(ATIME)) && isNow(attr.u64(MTIME)) && isNow(attr.u64(CTIME)))
                .isTrue();
    }

    @Test
    void aReadOnlyExportShowsSo() {
        assertThat(getattr(fuse.readOnly().serve(device)).u32(MODE)).isEqualTo(0100400);
    }

    @Test
    void theBlockSizeIsThatOfTheDeviceWhereItIsLarger() {
        device.limits(new BlockLimits(1, 1, BlockLimits.MAX_TRANSFER, 1, 65536));

        assertThat(getattr(fuse.serve(device)).u32(BLKSIZE)).isEqualTo(65536);
    }

    @Test
    void timesStayAsTheyAreUntilSomethingChanges() throws InterruptedException {
        ScriptedFuseDevice kernel = fuse.serve(device);
        KernelReply before = getattr(kernel);
        Thread.sleep(5);
        kernel.call(KernelRequest.read(0, 512)).succeeds(512);
        assertThat(getattr(kernel).body()).isEqualTo(before.body());

        kernel.call(KernelRequest.write(0, new byte[512])).wrote(512);
        KernelReply after = getattr(kernel);
        assertThat(nanos(after)).isGreaterThan(nanos(before));
        assertThat(after.u64(CTIME)).isEqualTo(after.u64(MTIME));
        assertThat(after.u64(ATIME)).isEqualTo(before.u64(ATIME));
    }

    private static long nanos(KernelReply attr) {
        return attr.u64(MTIME) * 1_000_000_000 + attr.u32(MTIMENSEC);
    }

    @Test
    void theBlockCountIsFetchedAgainOnlyAfterAChange() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        assertThat(getattr(kernel).u64(BLOCKS)).isEqualTo(9);
        device.allocated(512);
        assertThat(getattr(kernel).u64(BLOCKS)).isEqualTo(9);

        kernel.call(KernelRequest.write(0, new byte[512])).wrote(512);
        assertThat(getattr(kernel).u64(BLOCKS)).isOne();
    }

    @Test
    void aFailedWriteChangesNoTimes() throws InterruptedException {
        ScriptedFuseDevice kernel = fuse.serve(device);
        KernelReply before = getattr(kernel);
        Thread.sleep(5);
        device.behave(call -> call.fail(BlockErrorKind.NO_SPACE));
        kernel.call(KernelRequest.write(0, new byte[512])).fails(Errno.ENOSPC);

        assertThat(getattr(kernel).body()).isEqualTo(before.body());
    }

    @Test
    void sizeIsSetToTheByte() {
        ScriptedFuseDevice kernel = fuse.serve(device);

        assertThat(kernel.call(KernelRequest.resize(12_345)).succeeds(104).u64(SIZE))
                .isEqualTo(12_345);
        assertThat(kernel.call(KernelRequest.resize(1)).succeeds(104).u64(SIZE)).isOne();
        assertThat(kernel.call(KernelRequest.resize(1)).succeeds(104).u64(SIZE)).isOne();
        assertThat(kernel.call(KernelRequest.resize(0)).succeeds(104).u64(SIZE)).isZero();

        assertThat(device.calls()).containsExactly("truncate 12345", "truncate 1", "truncate 0");
    }

    @Test
    void aSizeBelowZeroIsInvalid() {
        fuse.serve(device).call(KernelRequest.resize(-1)).fails(Errno.EINVAL);
    }

    @Test
    void whatComesWithAFailedResizeIsNotSet() {
        device.behave(call -> call.fail(BlockErrorKind.FILE_TOO_LARGE));
        ScriptedFuseDevice kernel = fuse.serve(device);
        byte[] before = getattr(kernel).body();

        kernel.call(KernelRequest.setattr(FATTR_SIZE | FATTR_MODE)
                        .u64(16, 1L << 40)
                        .u32(68, 0100400))
                .fails(Errno.EFBIG);

        assertThat(getattr(kernel).body()).isEqualTo(before);
    }

    @Test
    void timesAreSet() {
        ScriptedFuseDevice kernel = fuse.serve(device);

        KernelReply attr = kernel.call(KernelRequest.setattr(FATTR_ATIME | FATTR_MTIME | FATTR_CTIME)
                        .u64(32, 1_000_000_000)
                        .u64(40, -1)
                        .u64(48, 4_000_000_000L)
                        .u32(60, 999_999_999))
                .succeeds(104);

        assertThat(attr.u64(ATIME)).isEqualTo(1_000_000_000);
        assertThat(attr.u64(MTIME)).isEqualTo(-1);
        assertThat(attr.u32(MTIMENSEC)).isEqualTo(999_999_999);
        assertThat(attr.u64(CTIME)).isEqualTo(4_000_000_000L);
        assertThat(getattr(kernel).body()).isEqualTo(attr.body());

        KernelReply now = kernel.call(KernelRequest.setattr(FATTR_ATIME_NOW | FATTR_MTIME_NOW))
                .succeeds(104);
        assertThat(isNow(now.u64(ATIME)) && isNow(now.u64(MTIME)) && isNow(now.u64(CTIME)))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE, Long.MIN_VALUE, 10_000_000_000L})
    void timesOutOfRangeAreMovedToItsEdge(long seconds) {
        KernelReply attr = fuse.serve(device)
                .call(KernelRequest.setattr(FATTR_MTIME).u64(40, seconds).u32(60, Integer.MAX_VALUE))
                .succeeds(104);

        assertThat(Math.abs(attr.u64(MTIME))).isBetween(9_223_372_030L, 9_223_372_036L);
        assertThat(Long.signum(attr.u64(MTIME))).isEqualTo(Long.signum(seconds));
    }

    @Test
    void theModeIsSetWithoutTheType() {
        ScriptedFuseDevice kernel = fuse.allowOther().serve(device);

        assertThat(kernel.call(KernelRequest.setattr(FATTR_MODE).u32(68, 0040755))
                        .succeeds(104)
                        .u32(MODE))
                .isEqualTo(0100755);
    }

    @Test
    void withoutAllowOtherNothingIsPromisedToOthers() {
        ScriptedFuseDevice kernel = fuse.serve(device);

        kernel.call(KernelRequest.chmod(0640)).fails(Errno.EPERM);
        kernel.call(KernelRequest.chmod(0601)).fails(Errno.EPERM);
        kernel.call(KernelRequest.setattr(FATTR_UID).u32(76, 1001)).fails(Errno.EPERM);
        kernel.call(KernelRequest.setattr(FATTR_GID).u32(80, 1001)).fails(Errno.EPERM);
        // The refusal comes before the size is touched.
        kernel.call(KernelRequest.setattr(FATTR_SIZE | FATTR_MODE).u32(68, 0666))
                .fails(Errno.EPERM);
        kernel.call(KernelRequest.setattr(FATTR_UID | FATTR_GID).u32(76, 1000).u32(80, 1000))
                .succeeds(104);
        assertThat(kernel.call(KernelRequest.chmod(0700)).succeeds(104).u32(MODE))
                .isEqualTo(0100700);
        assertThat(device.calls()).isEmpty();
    }

    @Test
    void withAllowOtherTheOwnerIsSet() {
        KernelReply attr = fuse.allowOther()
                .serve(device)
                .call(KernelRequest.setattr(FATTR_UID | FATTR_GID).u32(76, 0).u32(80, 42))
                .succeeds(104);

        assertThat(attr.u32(UID)).isZero();
        assertThat(attr.u32(GID)).isEqualTo(42);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                FATTR_SIZE,
                FATTR_MODE,
                FATTR_UID,
                FATTR_GID,
                FATTR_ATIME,
                FATTR_MTIME,
                FATTR_ATIME_NOW,
                FATTR_MTIME_NOW,
                FATTR_CTIME
            })
    void aReadOnlyExportTakesNoChange(int valid) {
        ScriptedFuseDevice kernel = fuse.readOnly().allowOther().serve(device);
        byte[] before = getattr(kernel).body();

        // The mode asks for nothing that the export does not allow anyway.
        kernel.call(KernelRequest.setattr(valid | FATTR_FH).u32(68, 0100400)).fails(Errno.EROFS);

        assertThat(getattr(kernel).body()).isEqualTo(before);
        assertThat(device.calls()).isEmpty();
    }

    @Test
    void handlesAndLockOwnersAreNoMatter() {
        ScriptedFuseDevice kernel = fuse.serve(device);

        kernel.call(KernelRequest.setattr(FATTR_FH | FATTR_LOCKOWNER).u64(8, 99).u64(24, 99))
                .succeeds(104);
    }

    @Test
    void setUserIdIsDroppedOnRequest() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        kernel.call(KernelRequest.chmod(06700)).succeeds(104);

        assertThat(kernel.call(KernelRequest.setattr(FATTR_KILL_SUIDGID | FATTR_SIZE)
                                .u64(16, 5))
                        .succeeds(104)
                        .u32(MODE))
                .isEqualTo(0100700);
        kernel.call(KernelRequest.chmod(04700)).succeeds(104);
        kernel.call(KernelRequest.open(2).u32(4, 1)).succeeds(16);
        assertThat(getattr(kernel).u32(MODE)).isEqualTo(0100700);
    }
}
