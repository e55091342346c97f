package dev.weir.fuse.session;

import static dev.weir.fuse.session.ControlledDevice.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.protocol.Errno;
import dev.weir.storage.BlockErrorKind;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two exports of one node. */
class SharedNodeTest {
    private static final int LENGTH = 10_000;

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
        fuse.onLoop(1, () -> null);
        device.letGo();
        growing.complete();

        first.receive().answers(far).wrote(1000);
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
        fuse.onLoop(1, () -> null);
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

        assertThat(second.call(KernelRequest.getattr()).succeeds().u64(24)).isEqualTo(LENGTH);
        second.call(KernelRequest.read(LENGTH - 1, 100)).succeeds(1);
        write.fail(BlockErrorKind.NO_SPACE);
        first.receive().answers(failing).fails(Errno.ENOSPC);
        assertThat(device.contents()).hasSize(LENGTH);
    }
}
