package dev.weir.fuse.session;

import static dev.weir.fuse.session.ControlledDevice.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.protocol.Errno;
import dev.weir.storage.BlockErrorKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two exports of one node. */
class SharedNodeTest {
    private static final int LENGTH = 10_000;
    private static final int SIZE = 24;
    private static final int BLOCKS = 32;

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    private final ControlledDevice device = new ControlledDevice(0).with(pattern(LENGTH, 0));

    @Test
    void appendsOfBothAtTheSameTimeDoNotUndoEachOther() {
        ScriptedFuseDevice first = fuse.growable().serve(device);
        ScriptedFuseDevice second = fuse.serveAgain();
        device.hold();
        KernelRequest far = KernelRequest.write(30_000, pattern(1000, 1));
        KernelRequest near = KernelRequest.write(20_000, pattern(1000, 2));
        first.send(far);
        ControlledDevice.Call growing = device.next();
        second.send(near);
        SessionFixture.await("it is received", () -> fuse.second().inFlight() == 1);
        growing.complete();
        List<ControlledDevice.Call> later = new ArrayList<>();
        ControlledDevice.Call call = device.next();
        while (!call.name.equals("write 30000+1000")) {
            later.add(call);
            call = device.next();
        }
        call.complete();
        first.receive().answers(far).wrote(1000);
        device.letGo();
        later.forEach(ControlledDevice.Call::complete);
        while (device.held() > 0) {
            device.next().complete();
        }
        second.receive().answers(near).wrote(1000);
        assertThat(device.contents()).hasSize(31_000).endsWith(pattern(1000, 1));
        assertThat(Arrays.copyOfRange(device.contents(), 20_000, 21_000)).isEqualTo(pattern(1000, 2));
    }

    @Test
    void aFailedAppendTakesNothingAwayThatTheOtherHasWritten() {
        ScriptedFuseDevice first = fuse.growable().serve(device);
        ScriptedFuseDevice second = fuse.serveAgain();
        device.hold();
        KernelRequest failing = KernelRequest.write(LENGTH, pattern(4000, 1));
        KernelRequest small = KernelRequest.write(LENGTH, pattern(1000, 2));
        first.send(failing);
        device.next().complete();
        ControlledDevice.Call write = device.next();
        assertThat(write.name).isEqualTo("write 10000+4000");
        device.letGo();
        second.send(small);
        SessionFixture.await("it is received", () -> fuse.second().inFlight() == 1);
        write.fail(BlockErrorKind.NO_SPACE);

        first.receive().answers(failing).fails(Errno.ENOSPC);
        second.receive().answers(small).wrote(1000);
        assertThat(device.contents()).hasSize(LENGTH + 1000).endsWith(pattern(1000, 2));
    }

    @Test
    void nobodySeesALengthThatMayBeTakenBack() {
        ScriptedFuseDevice first = fuse.growable().serve(device);
        ScriptedFuseDevice second = fuse.serveAgain();
        device.hold();
        KernelRequest failing = KernelRequest.write(LENGTH, pattern(4000, 1));
        first.send(failing);
        device.next().complete();
        ControlledDevice.Call write = device.next();
        device.letGo();

        assertThat(second.call(KernelRequest.getattr()).succeeds().u64(SIZE)).isEqualTo(LENGTH);
        second.call(KernelRequest.read(LENGTH - 1, 100)).succeeds(1);
        write.fail(BlockErrorKind.NO_SPACE);
        first.receive().answers(failing).fails(Errno.ENOSPC);
        assertThat(device.contents()).hasSize(LENGTH);
    }

    @Test
    void theKernelIsToldOfASizeThatTheOtherHasSet() {
        ScriptedFuseDevice first = fuse.serve(device);
        ScriptedFuseDevice second = fuse.serveAgain();

        second.call(KernelRequest.resize(20_000)).succeeds();

        ByteBuffer notice = ByteBuffer.wrap(first.receiveNotice()).order(ByteOrder.nativeOrder());
        assertThat(notice.getInt(0)).as("length").isEqualTo(notice.capacity()).isEqualTo(40);
        assertThat(notice.getInt(4)).as("FUSE_NOTIFY_INVAL_INODE").isEqualTo(2);
        assertThat(notice.getLong(8)).as("unique").isZero();
        assertThat(notice.getLong(16)).as("ino").isEqualTo(1);
        assertThat(notice.getLong(24)).as("attributes alone").isNegative();
        assertThat(first.call(KernelRequest.getattr()).succeeds().u64(SIZE)).isEqualTo(20_000);
        second.expectSilence(Duration.ofMillis(50));
    }

    @Test
    void theKernelIsNotToldOfWhatItDidItself() {
        ScriptedFuseDevice first = fuse.growable().serve(device);
        first.call(KernelRequest.write(LENGTH, pattern(100, 1))).wrote(100);
        first.call(KernelRequest.resize(500)).succeeds();
        first.call(KernelRequest.fallocate(0, 0, 600)).succeeds();

        first.expectSilence(Duration.ofMillis(50));
    }

    @Test
    void whatTheOtherWritesChangesBlockCountAndTimes() throws InterruptedException {
        device.allocated(4097);
        ScriptedFuseDevice first = fuse.serve(device);
        ScriptedFuseDevice second = fuse.serveAgain();
        KernelReply before = first.call(KernelRequest.getattr()).succeeds();
        assertThat(before.u64(BLOCKS)).isEqualTo(9);
        Thread.sleep(5);
        second.call(KernelRequest.write(0, pattern(512, 1))).wrote(512);
        device.allocated(512);

        KernelReply after = first.call(KernelRequest.getattr()).succeeds();
        assertThat(after.u64(BLOCKS)).isOne();
        assertThat(nanos(after)).isGreaterThan(nanos(before));
        Thread.sleep(5);
        assertThat(first.call(KernelRequest.getattr()).body()).isEqualTo(after.body());
    }

    private static long nanos(KernelReply attr) {
        return attr.u64(48) * 1_000_000_000 + attr.u32(68);
    }
}
