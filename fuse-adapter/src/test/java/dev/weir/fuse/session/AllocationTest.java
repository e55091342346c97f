package dev.weir.fuse.session;

import static dev.weir.fuse.session.ControlledDevice.pattern;
import static dev.weir.fuse.session.KernelRequest.KEEP_SIZE;
import static dev.weir.fuse.session.KernelRequest.PUNCH_HOLE;
import static dev.weir.fuse.session.KernelRequest.SEEK_DATA;
import static dev.weir.fuse.session.KernelRequest.SEEK_HOLE;
import static dev.weir.fuse.session.KernelRequest.ZERO_RANGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.protocol.Errno;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.Extent;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** FALLOCATE and LSEEK. */
class AllocationTest {
    private static final int LENGTH = 10_000;
    private static final int COLLAPSE_RANGE = 0x08;
    private static final int INSERT_RANGE = 0x20;
    private static final int UNSHARE_RANGE = 0x40;

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(0).with(pattern(LENGTH, 0));

    private static byte[] zeroed(int from, int to) {
        byte[] expected = pattern(LENGTH, 0);
        Arrays.fill(expected, from, to, (byte) 0);
        return expected;
    }

    @Test
    void preallocationInsideTheFileChangesNothing() {
        fuse.serve(device).call(KernelRequest.fallocate(0, 100, 9900)).succeeds(0);

        assertThat(device.calls()).isEmpty();
    }

    @Test
    void preallocationAcrossTheEndGrowsAlsoWhatIsNotGrowable() {
        fuse.serve(device).call(KernelRequest.fallocate(0, 9000, 4000)).succeeds(0);

        assertThat(device.calls()).containsExactly("truncate[FALLOC] 13000");
    }

    @Test
    void preallocationPastTheEndSetsNoRoomAsideForTheGapBefore() {
        fuse.serve(device).call(KernelRequest.fallocate(0, 1_000_000, 4000)).succeeds(0);

        assertThat(device.calls()).containsExactly("truncate 1000000", "truncate[FALLOC] 1004000");
    }

    @Test
    void preallocationThatFindsNoSpaceFailsSo() {
        device.behave(call -> call.fail(BlockErrorKind.NO_SPACE));

        fuse.serve(device).call(KernelRequest.fallocate(0, 9000, 4000)).fails(Errno.ENOSPC);
    }

    @Test
    void preallocationThatFindsNoSpaceLeavesTheLength() {
        device.behave(call -> {
            if (call.name.startsWith("truncate[FALLOC]")) {
                call.fail(BlockErrorKind.NO_SPACE);
            } else {
                call.complete();
            }
        });

        fuse.serve(device).call(KernelRequest.fallocate(0, 1_000_000, 4000)).fails(Errno.ENOSPC);

        assertThat(device.contents()).isEqualTo(pattern(LENGTH, 0));
    }

    @Test
    void zeroRangeThatFailsLeavesTheLength() {
        device.behave(call -> {
            if (call.name.startsWith("truncate")) {
                call.complete();
            } else {
                call.fail(BlockErrorKind.NO_SPACE);
            }
        });

        fuse.serve(device).call(KernelRequest.fallocate(ZERO_RANGE, 9000, 4000)).fails(Errno.ENOSPC);

        assertThat(device.contents()).isEqualTo(pattern(LENGTH, 0));
    }

    @ParameterizedTest
    @CsvSource({"0, 10000", "9000, 4000", "20000, 1"})
    void preallocationThatKeepsTheSizeDoesNothing(long offset, long length) {
        fuse.serve(device)
                .call(KernelRequest.fallocate(KEEP_SIZE, offset, length))
                .succeeds(0);

        assertThat(device.calls()).isEmpty();
    }

    @Test
    void aHoleIsPunchedWithoutWritingZeroes() {
        fuse.serve(device)
                .call(KernelRequest.fallocate(PUNCH_HOLE | KEEP_SIZE, 1000, 2000))
                .succeeds(0);

        // The node's discard option is ignore, so that MAY_UNMAP is taken away.
        assertThat(device.calls()).containsExactly("zero[NO_FALLBACK] 1000+2000");
        assertThat(device.contents()).isEqualTo(zeroed(1000, 3000));
    }

    @ParameterizedTest
    @ValueSource(ints = {PUNCH_HOLE | KEEP_SIZE, ZERO_RANGE | KEEP_SIZE})
    void aRangeAcrossTheEndIsCutThere(int mode) {
        fuse.serve(device).call(KernelRequest.fallocate(mode, 9000, 100_000)).succeeds(0);

        assertThat(device.contents()).isEqualTo(zeroed(9000, LENGTH));
    }

    @ParameterizedTest
    @ValueSource(ints = {PUNCH_HOLE | KEEP_SIZE, ZERO_RANGE | KEEP_SIZE})
    void aRangePastTheEndHasNothingToZero(int mode) {
        fuse.serve(device).call(KernelRequest.fallocate(mode, 10_000, 1000)).succeeds(0);

        assertThat(device.calls()).isEmpty();
    }

    @Test
    void zeroRangeGrowsTheFile() {
        fuse.serve(device).call(KernelRequest.fallocate(ZERO_RANGE, 9000, 4000)).succeeds(0);

        assertThat(device.calls()).containsExactly("truncate 13000", "zero 9000+4000");
        assertThat(device.contents()).hasSize(13_000);
    }

    @ParameterizedTest
    @ValueSource(ints = {PUNCH_HOLE, COLLAPSE_RANGE, INSERT_RANGE, UNSHARE_RANGE, PUNCH_HOLE | ZERO_RANGE | KEEP_SIZE})
    void otherModesAreNotSupported(int mode) {
        fuse.serve(device).call(KernelRequest.fallocate(mode, 0, 4096)).fails(Errno.EOPNOTSUPP);

        assertThat(device.calls()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, KEEP_SIZE, PUNCH_HOLE | KEEP_SIZE, ZERO_RANGE, COLLAPSE_RANGE})
    void aReadOnlyExportAllocatesNothing(int mode) {
        fuse.readOnly()
                .serve(device)
                .call(KernelRequest.fallocate(mode, 0, 4096))
                .fails(Errno.EROFS);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0, -1", "-1, 1", "9223372036854775807, 1"})
    void rangesThatCannotBeAreInvalid(long offset, long length) {
        fuse.serve(device)
                .call(KernelRequest.fallocate(ZERO_RANGE, offset, length))
                .fails(Errno.EINVAL);
    }

    private ScriptedFuseDevice withHoles() {
        device.extents(
                Extent.hole(0, 1000),
                Extent.data(1000, 1000),
                Extent.data(2000, 1000),
                Extent.hole(3000, 3000),
                Extent.data(6000, 1000),
                Extent.hole(7000, 3000));
        return fuse.serve(device);
    }

    @ParameterizedTest
    @CsvSource({"0, 1000, 0", "1000, 1000, 3000", "1500, 1500, 3000", "2500, 2500, 3000", "3000, 6000, 3000"})
    void seeksDataAndHoles(long from, long data, long hole) {
        ScriptedFuseDevice kernel = withHoles();

        kernel.call(KernelRequest.lseek(from, SEEK_DATA)).found(data);
        kernel.call(KernelRequest.lseek(from, SEEK_HOLE)).found(hole);
    }

    @ParameterizedTest
    @ValueSource(longs = {7000, 9999})
    void whereNoDataFollowsThereIsNone(long from) {
        ScriptedFuseDevice kernel = withHoles();

        kernel.call(KernelRequest.lseek(from, SEEK_DATA)).fails(Errno.ENXIO);
        kernel.call(KernelRequest.lseek(from, SEEK_HOLE)).found(from);
    }

    @Test
    void theEndOfAFileIsAHole() {
        ScriptedFuseDevice kernel = fuse.serve(device);

        kernel.call(KernelRequest.lseek(0, SEEK_HOLE)).found(LENGTH);
        kernel.call(KernelRequest.lseek(LENGTH, SEEK_HOLE)).found(LENGTH);
        kernel.call(KernelRequest.lseek(LENGTH, SEEK_DATA)).fails(Errno.ENXIO);
    }

    /** As ext4 and tmpfs do; the kernel passes negative offsets on. */
    @ParameterizedTest
    @ValueSource(longs = {LENGTH + 1, Long.MAX_VALUE, -1, Long.MIN_VALUE})
    void outsideOfTheFileIsNothing(long from) {
        ScriptedFuseDevice kernel = fuse.serve(device);

        kernel.call(KernelRequest.lseek(from, SEEK_DATA)).fails(Errno.ENXIO);
        kernel.call(KernelRequest.lseek(from, SEEK_HOLE)).fails(Errno.ENXIO);
        assertThat(fuse.session().statistics().malformed()).isZero();
    }

    @Test
    void anEmptyFileIsNothingButItsEnd() {
        ScriptedFuseDevice kernel = fuse.serve(new ControlledDevice(0));

        kernel.call(KernelRequest.lseek(0, SEEK_DATA)).fails(Errno.ENXIO);
        kernel.call(KernelRequest.lseek(0, SEEK_HOLE)).found(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 5, -1})
    void otherOriginsAreInvalid(int whence) {
        fuse.serve(device).call(KernelRequest.lseek(0, whence)).fails(Errno.EINVAL);
    }

    @Test
    void aFileOfManyExtentsIsSearchedToItsEnd() {
        Extent[] runs = new Extent[10_000];
        for (int i = 0; i < runs.length; i++) {
            runs[i] = Extent.hole(i, 1);
        }
        device.extents(runs);

        fuse.serve(device).call(KernelRequest.lseek(0, SEEK_DATA)).fails(Errno.ENXIO);
    }
}
