package dev.weir.fuse.session;

import static dev.weir.fuse.session.ControlledDevice.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseOpcode;
import dev.weir.storage.BlockErrorKind;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** READ and WRITE by the rules of an export of one regular file. */
class ReadWriteTest {
    private static final int LENGTH = 10_000;
    private static final int KILL_SUIDGID = 4;

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(0).with(pattern(LENGTH, 0));

    @ParameterizedTest
    @CsvSource({
        "0, 4096, 4096",
        "1, 1, 1",
        "9999, 1, 1",
        "9000, 4096, 1000",
        "0, 131072, 10000",
        "10000, 1, 0",
        "10001, 4096, 0",
        "0, 0, 0",
        "9223372036854771711, 4096, 0"
    })
    void aReadEndsAtTheEndOfTheFile(long offset, int size, int expected) {
        ScriptedFuseDevice kernel = fuse.serve(device);

        byte[] data = expected == 0
                ? new byte[0]
                : Arrays.copyOfRange(pattern(LENGTH, 0), (int) offset, (int) offset + expected);
        kernel.call(KernelRequest.read(offset, size)).succeedsWith(data);
    }

    @Test
    void theLargestReadComesWhole() {
        byte[] contents = pattern(256 << 10, 3);
        ScriptedFuseDevice kernel = fuse.serve(new ControlledDevice(0).with(contents));

        kernel.call(KernelRequest.read(65536, 128 << 10))
                .succeedsWith(Arrays.copyOfRange(contents, 65536, 65536 + (128 << 10)));
    }

    @Test
    void aFailedReadCarriesNoData() {
        device.behave(call -> call.fail(BlockErrorKind.IO));

        fuse.serve(device).call(KernelRequest.read(0, 4096)).fails(Errno.EIO);
    }

    @ParameterizedTest
    @CsvSource({"0, 4096", "1, 1", "9999, 1", "5904, 4096", "0, 10000"})
    void aWriteInsideTheFileIsWhole(int offset, int size) {
        byte[] data = pattern(size, 77);

        fuse.serve(device).call(KernelRequest.write(offset, data)).wrote(size);

        assertThat(Arrays.copyOfRange(device.contents(), offset, offset + size)).isEqualTo(data);
        assertThat(device.calls()).containsExactly("write " + offset + "+" + size);
    }

    @Test
    void aWriteAcrossTheEndIsShort() {
        byte[] data = pattern(4096, 5);

        fuse.serve(device).call(KernelRequest.write(9000, data)).wrote(1000);

        assertThat(device.contents()).hasSize(LENGTH).endsWith(Arrays.copyOf(data, 1000));
        assertThat(device.calls()).containsExactly("write 9000+1000");
    }

    @ParameterizedTest
    @ValueSource(longs = {10_000, 10_001, 1L << 40})
    void aWritePastTheEndFindsNoSpace(long offset) {
        fuse.serve(device).call(KernelRequest.write(offset, pattern(512, 1))).fails(Errno.ENOSPC);

        assertThat(device.calls()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 10_000, 20_000})
    void aWriteOfNothingChangesNothing(long offset) {
        fuse.growable();

        fuse.serve(device).call(KernelRequest.write(offset, new byte[0])).wrote(0);

        assertThat(device.contents()).hasSize(LENGTH);
        assertThat(device.calls()).isEmpty();
    }

    @Test
    void aReadOnlyExportTakesNoWrite() {
        ScriptedFuseDevice kernel = fuse.readOnly().serve(device);

        kernel.call(KernelRequest.write(0, new byte[512])).fails(Errno.EROFS);
        kernel.call(KernelRequest.write(20_000, new byte[512])).fails(Errno.EROFS);
        kernel.call(KernelRequest.read(0, 1)).succeeds(1);
        assertThat(device.calls()).containsExactly("read 0+1");
    }

    @Test
    void aGrowableExportGrowsBeforeItIsWrittenTo() {
        byte[] data = pattern(4096, 9);
        ScriptedFuseDevice kernel = fuse.growable().serve(device);

        kernel.call(KernelRequest.write(9000, data)).wrote(4096);
        kernel.call(KernelRequest.write(20_000, data)).wrote(4096);
        kernel.call(KernelRequest.write(0, data)).wrote(4096);

        assertThat(device.calls())
                .containsExactly(
                        "truncate 13096", "write 9000+4096", "truncate 24096", "write 20000+4096", "write 0+4096");
        assertThat(Arrays.copyOfRange(device.contents(), 13_096, 20_000)).containsOnly(0);
        kernel.call(KernelRequest.read(20_000, 8192)).succeedsWith(data);
    }

    @Test
    void aDeviceThatCannotGrowFailsTheWriteThatNeedsIt() {
        device.behave(call -> {
            if (call.name.startsWith("truncate")) {
                call.fail(BlockErrorKind.NO_SPACE);
            } else {
                call.complete();
            }
        });
        ScriptedFuseDevice kernel = fuse.growable().serve(device);

        kernel.call(KernelRequest.write(9000, new byte[4096])).fails(Errno.ENOSPC);
        kernel.call(KernelRequest.write(0, new byte[4096])).wrote(4096);
        assertThat(device.contents()).hasSize(LENGTH);
    }

    @Test
    void appendsAtTheSameTimeDoNotUndoEachOther() {
        device.hold();
        ScriptedFuseDevice kernel = fuse.growable().serve(device);
        KernelRequest far = KernelRequest.write(30_000, pattern(1000, 1));
        KernelRequest near = KernelRequest.write(20_000, pattern(1000, 2));
        KernelRequest inside = KernelRequest.write(0, pattern(1000, 3));
        kernel.send(far);
        kernel.send(near);
        kernel.send(inside);

        ControlledDevice.Call growing = device.next();
        assertThat(growing.name).isEqualTo("truncate 31000");
        ControlledDevice.Call other = device.next();
        assertThat(other.name).as("what needs no room does not wait").isEqualTo("write 0+1000");
        device.letGo();
        other.complete();
        kernel.receive().answers(inside).wrote(1000);

        growing.complete();
        var replies = kernel.receive(2);
        replies.get(far.unique()).wrote(1000);
        replies.get(near.unique()).wrote(1000);
        assertThat(device.contents()).hasSize(31_000);
        assertThat(Arrays.copyOfRange(device.contents(), 20_000, 21_000)).isEqualTo(pattern(1000, 2));
        assertThat(device.calls())
                .filteredOn(name -> name.startsWith("truncate"))
                .containsExactly("truncate 31000");
    }

    @Test
    void manyAppendsBehindASlowOneDoNotOverflowTheStack() {
        device.hold();
        ScriptedFuseDevice kernel = fuse.growable().budget(64 << 20, 4096).serve(device);
        int appends = 400;
        for (int i = 0; i < appends; i++) {
            kernel.send(KernelRequest.write(LENGTH + i, new byte[] {(byte) i}));
        }
        ControlledDevice.Call first = device.next();
        SessionFixture.await("all appends wait", () -> fuse.session().inFlight() == appends);
        device.letGo();
        var narrow = new Thread(null, first::complete, "narrow", 192 << 10);
        narrow.start();

        assertThat(kernel.receive(appends).values()).allSatisfy(reply -> reply.wrote(1));
        assertThat(device.contents()).hasSize(LENGTH + appends);
    }

    @Test
    void aResizeThatIsThrownAtDoesNotHoldUpTheNext() {
        device.behave(call -> {
            throw new OutOfMemoryError("made up");
        });
        ScriptedFuseDevice kernel = fuse.growable().serve(device);
        kernel.call(KernelRequest.write(LENGTH, new byte[1])).fails(Errno.ENOMEM);
        device.letGo();

        kernel.call(KernelRequest.write(LENGTH, new byte[1])).wrote(1);
    }

    @Test
    void writethroughForcesEachWriteToStableStorage() {
        ScriptedFuseDevice kernel = fuse.writethrough().growable().serve(device);

        kernel.call(KernelRequest.write(0, new byte[512])).wrote(512);
        kernel.call(KernelRequest.write(LENGTH, new byte[512])).wrote(512);

        assertThat(device.calls()).containsExactly("write[FUA] 0+512", "truncate 10512", "write[FUA] 10000+512");
    }

    @Test
    void aWriteByAnotherUserDropsSetUserId() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        kernel.call(KernelRequest.chmod(06700)).succeeds();
        kernel.call(KernelRequest.write(0, new byte[512])).wrote(512);
        assertThat(kernel.call(KernelRequest.getattr()).u32(16 + 60)).isEqualTo(0106700);

        kernel.call(KernelRequest.write(0, new byte[512]).u32(20, KILL_SUIDGID)).wrote(512);

        assertThat(kernel.call(KernelRequest.getattr()).u32(16 + 60)).isEqualTo(0100700);
    }

    @Test
    void sizesAndOffsetsThatCannotBeAreInvalid() {
        ScriptedFuseDevice kernel = fuse.serve(device);
        List<KernelRequest> invalid = List.of(
                KernelRequest.read(0, (128 << 10) + 1),
                KernelRequest.read(0, -1),
                KernelRequest.read(-1, 1),
                KernelRequest.read(Long.MAX_VALUE, 1),
                KernelRequest.write(-512, new byte[512]),
                KernelRequest.write(Long.MAX_VALUE - 511, new byte[512]));

        for (KernelRequest request : invalid) {
            kernel.call(request).fails(Errno.EINVAL);
        }
        kernel.call(KernelRequest.write(0, new byte[512]).u32(16, 511)).fails(Errno.EIO);
        kernel.call(KernelRequest.write(0, new byte[512]).u32(16, 513)).fails(Errno.EIO);
        kernel.call(KernelRequest.of(FuseOpcode.READ).resized(79)).fails(Errno.EIO);
        assertThat(fuse.session().statistics().malformed()).isEqualTo(invalid.size() + 3);
        assertThat(device.calls()).isEmpty();
    }
}
