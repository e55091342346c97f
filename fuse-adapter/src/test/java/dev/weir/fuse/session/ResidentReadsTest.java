package dev.weir.fuse.session;

import static dev.weir.fuse.session.ControlledDevice.pattern;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.fuse.protocol.Errno;
import io.netty.util.internal.PlatformDependent;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Large READs are answered with the data where it lies, where the device shows it. */
class ResidentReadsTest {
    private static final int LENGTH = 256 * 1024;
    private static final int LARGE = 128 * 1024;

    @RegisterExtension
    final SessionFixture fuse = new SessionFixture();

    /** In the device and in memory there are different bytes, so that it is seen where they come from. */
    private final byte[] copied = pattern(LENGTH, 1);

    private final byte[] resident = pattern(LENGTH, 7);
    private final ByteBuffer memory =
            ByteBuffer.allocateDirect(LENGTH).put(resident).clear();
    private final ControlledDevice device = new ControlledDevice(0).with(copied);

    private ScriptedFuseDevice serveResident() {
        device.resident(PlatformDependent.directBufferAddress(memory));
        return fuse.serve(device);
    }

    @Test
    void aLargeReadIsAnsweredWithWhatIsShown() {
        ScriptedFuseDevice kernel = serveResident();
        kernel.call(KernelRequest.read(4096, LARGE)).succeedsWith(Arrays.copyOfRange(resident, 4096, 4096 + LARGE));
        kernel.call(KernelRequest.read(0, LARGE)).succeedsWith(Arrays.copyOfRange(resident, 0, LARGE));
        assertThat(device.calls()).containsExactly("show 4096+" + LARGE, "show 0+" + LARGE);
    }

    @Test
    void itEndsAtTheEndOfTheFile() {
        ScriptedFuseDevice kernel = serveResident();
        kernel.call(KernelRequest.read(LENGTH - 20_000, LARGE))
                .succeedsWith(Arrays.copyOfRange(resident, LENGTH - 20_000, LENGTH));
        kernel.call(KernelRequest.read(LENGTH, LARGE)).succeedsWith(new byte[0]);
    }

    @Test
    void aSmallReadIsCopied() {
        ScriptedFuseDevice kernel = serveResident();
        kernel.call(KernelRequest.read(0, 4096)).succeedsWith(Arrays.copyOf(copied, 4096));
    }

    @Test
    void dataThatIsGoneCostsItsRequestAndNoMore() {
        // No page is mapped there, as where a file was cut off.
        device.resident(8);
        ScriptedFuseDevice kernel = fuse.serve(device);
        kernel.call(KernelRequest.read(0, LARGE)).fails(Errno.EIO);
        kernel.call(KernelRequest.read(0, 4096)).succeedsWith(Arrays.copyOf(copied, 4096));
        kernel.call(KernelRequest.read(4096, LARGE)).fails(Errno.EIO);
    }

    @Test
    void whileOthersAreInFlightALargeReadIsLeftToThreads() {
        ScriptedFuseDevice kernel = serveResident();
        device.hold();
        kernel.send(KernelRequest.read(0, 4096));
        ControlledDevice.Call first = device.next();
        KernelRequest large = KernelRequest.read(0, LARGE);
        kernel.send(large);
        device.next().complete();
        kernel.receive().succeedsWith(Arrays.copyOf(copied, LARGE));
        first.complete();
        kernel.receive().succeedsWith(Arrays.copyOf(copied, 4096));
    }
}
