package dev.weir.fuse.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.fuse.device.FuseMountException;
import dev.weir.fuse.protocol.Errno;
import dev.weir.fuse.protocol.FuseInitFlags;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FuseHandshakeTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /** All that a kernel can offer. */
    private static final int ALL = -1;

    private static final int FLAGS2_OF_6_18 = 0x7FD;

    private static final long WANTED = FuseInitFlags.ASYNC_READ
            | FuseInitFlags.ASYNC_DIO
            | FuseInitFlags.BIG_WRITES
            | FuseInitFlags.MAX_PAGES
            | FuseInitFlags.INIT_EXT
            | FuseInitFlags.EXPLICIT_INVAL_DATA
            | FuseInitFlags.HANDLE_KILLPRIV_V2
            | FuseInitFlags.DIRECT_IO_ALLOW_MMAP
            | FuseInitFlags.ABORT_ERROR;

    private final ScriptedFuseDevice kernel = new ScriptedFuseDevice();

    @AfterEach
    void close() {
        kernel.close();
        kernel.device().close();
    }

    private FuseHandshake.Agreement perform(KernelRequest init, boolean growable) {
        kernel.send(init);
        return FuseHandshake.perform(kernel.device(), growable, false, TIMEOUT);
    }

    private static long flags(KernelReply reply) {
        return FuseInitFlags.join(reply.u32(12), reply.u32(32));
    }

    @Test
    void answersWithAllThatIsWantedWhereEverythingIsOffered() {
        KernelRequest init = KernelRequest.init(7, 45, ALL, FLAGS2_OF_6_18);
        FuseHandshake.Agreement agreement = perform(init, true);

        KernelReply reply = kernel.receive().answers(init).succeeds(64);
        assertThat(reply.u32(0)).as("major").isEqualTo(7);
        assertThat(reply.u32(4)).as("minor").isEqualTo(45);
        assertThat(reply.u32(8)).as("max_readahead").isEqualTo(131072);
        assertThat(flags(reply)).isEqualTo(WANTED);
        assertThat(reply.u16(16)).as("max_background").isEqualTo(65535);
        assertThat(reply.u16(18)).as("congestion_threshold").isEqualTo(49149);
        assertThat(reply.u32(20)).as("max_write").isEqualTo(1 << 20);
        assertThat(reply.u32(24)).as("time_gran").isEqualTo(1);
        assertThat(reply.u16(28)).as("max_pages").isEqualTo(256);
        assertThat(agreement).isEqualTo(new FuseHandshake.Agreement(45, WANTED, 1 << 20));
        assertThat(agreement.has(FuseInitFlags.ASYNC_DIO)).isTrue();
    }

    @Test
    void takesCareOfTruncationItselfWhereTheExportDoesNotGrow() {
        perform(KernelRequest.init(7, 45, ALL, FLAGS2_OF_6_18), false);

        assertThat(flags(kernel.receive())).isEqualTo(WANTED | FuseInitFlags.ATOMIC_O_TRUNC);
    }

    @Test
    void asksForPassthroughWithFilesThatAreNotStacked() {
        kernel.send(KernelRequest.init(7, 45, ALL, FLAGS2_OF_6_18));
        FuseHandshake.Agreement agreement = FuseHandshake.perform(kernel.device(), true, true, TIMEOUT);

        KernelReply reply = kernel.receive().succeeds(64);
        assertThat(flags(reply)).isEqualTo(WANTED | FuseInitFlags.PASSTHROUGH);
        assertThat(reply.u32(36)).as("max_stack_depth").isEqualTo(1);
        assertThat(agreement.has(FuseInitFlags.PASSTHROUGH)).isTrue();
    }

    @Test
    void doesWithoutPassthroughWhereItIsNotOffered() {
        int without = FLAGS2_OF_6_18 & ~(int) (FuseInitFlags.PASSTHROUGH >>> 32);
        kernel.send(KernelRequest.init(7, 45, ALL, without));
        FuseHandshake.Agreement agreement = FuseHandshake.perform(kernel.device(), true, true, TIMEOUT);

        KernelReply reply = kernel.receive().succeeds(64);
        assertThat(flags(reply)).isEqualTo(WANTED);
        assertThat(reply.u32(36)).as("max_stack_depth").isZero();
        assertThat(agreement.has(FuseInitFlags.PASSTHROUGH)).isFalse();
    }

    @Test
    void asksForNothingThatIsNotOffered() {
        int offered = (int) (FuseInitFlags.ASYNC_READ | FuseInitFlags.POSIX_LOCKS | FuseInitFlags.INIT_EXT);
        FuseHandshake.Agreement agreement = perform(KernelRequest.init(7, 45, offered, 0), false);

        assertThat(flags(kernel.receive())).isEqualTo(FuseInitFlags.ASYNC_READ | FuseInitFlags.INIT_EXT);
        assertThat(agreement.has(FuseInitFlags.ASYNC_DIO)).isFalse();
    }

    @Test
    void takesFlags2ForNothingWithoutInitExt() {
        perform(KernelRequest.init(7, 36, ALL & ~KernelRequest.INIT_EXT, ALL), true);

        KernelReply reply = kernel.receive().succeeds(64);
        assertThat(reply.u32(32)).as("flags2").isZero();
        assertThat(reply.u32(12) & KernelRequest.INIT_EXT).isZero();
    }

    @Test
    void servesTheShortInitOfAnOldKernel() {
        FuseHandshake.Agreement agreement = perform(KernelRequest.shortInit(31, ALL & ~KernelRequest.INIT_EXT), true);

        KernelReply reply = kernel.receive().succeeds(64);
        assertThat(reply.u32(4)).as("minor").isEqualTo(31);
        assertThat(agreement.minor()).isEqualTo(31);
        assertThat(agreement.maxTransfer()).isEqualTo(1 << 20);
    }

    @Test
    void keepsTo128KibWithoutMaxPages() {
        FuseHandshake.Agreement agreement =
                perform(KernelRequest.init(7, 45, ALL & ~KernelRequest.MAX_PAGES, FLAGS2_OF_6_18), true);

        KernelReply reply = kernel.receive();
        assertThat(reply.u32(20)).as("max_write").isEqualTo(128 << 10);
        assertThat(reply.u16(28)).as("max_pages").isEqualTo(32);
        assertThat(agreement.maxTransfer()).isEqualTo(128 << 10);
    }

    @Test
    void speaksItsOwnMinorWithANewerKernel() {
        assertThat(perform(KernelRequest.init(7, 99, ALL, ALL), true).minor()).isEqualTo(45);
        assertThat(kernel.receive().u32(4)).isEqualTo(45);
    }

    @ParameterizedTest
    @ValueSource(ints = {30, 9, 0})
    void refusesAKernelThatIsTooOld(int minor) {
        KernelRequest init = KernelRequest.shortInit(minor, ALL);

        assertThatThrownBy(() -> perform(init, true))
                .isInstanceOf(FuseMountException.class)
                .hasMessageContaining("7." + minor + ";")
                .hasMessageContaining("7.31 or later");
        kernel.receive().answers(init).fails(Errno.EPROTO);
    }

    @ParameterizedTest
    @ValueSource(ints = {6, 8, 0})
    void refusesAnotherMajorVersion(int major) {
        KernelRequest init = KernelRequest.init(major, 45, ALL, 0);

        assertThatThrownBy(() -> perform(init, true))
                .isInstanceOf(FuseMountException.class)
                .hasMessageContaining(major + ".45");
        kernel.receive().answers(init).fails(Errno.EPROTO);
    }

    @Test
    void refusesAConnectionThatBeginsWithSomethingElse() {
        assertThatThrownBy(() -> perform(KernelRequest.getattr(), true))
                .isInstanceOf(FuseMountException.class)
                .hasMessageContaining("opcode 3");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 39, 40, 55, 60})
    void refusesAnInitThatIsNotWhole(int length) {
        KernelRequest init = KernelRequest.init(7, 45, ALL, 0).resized(length);

        assertThatThrownBy(() -> perform(init, true)).isInstanceOf(FuseMountException.class);
    }

    @Test
    void refusesGarbage() {
        byte[] garbage = new byte[4096];
        Arrays.fill(garbage, (byte) 0xA5);
        kernel.send(garbage, garbage.length);

        assertThatThrownBy(() -> FuseHandshake.perform(kernel.device(), true, false, TIMEOUT))
                .isInstanceOf(FuseMountException.class)
                .hasMessageContaining("LENGTH_MISMATCH");
    }

    @Test
    void waitsForInitButNotForEver() {
        long start = System.nanoTime();

        assertThatThrownBy(() -> FuseHandshake.perform(kernel.device(), true, false, Duration.ofMillis(150)))
                .isInstanceOf(FuseMountException.class)
                .hasMessageContaining("no FUSE_INIT");
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(140), Duration.ofSeconds(3));
    }

    @Test
    void noticesAnUnmountBeforeInit() {
        kernel.unmount();

        assertThatThrownBy(() -> FuseHandshake.perform(kernel.device(), true, false, TIMEOUT))
                .isInstanceOf(FuseMountException.class)
                .hasMessageContaining("unmounted before FUSE_INIT");
    }

    @Test
    void noticesAnUnmountWhileItWaits() throws InterruptedException {
        var unmounting = new Thread(() -> {
            try {
                Thread.sleep(50);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            kernel.unmount();
        });
        unmounting.start();

        assertThatThrownBy(() -> FuseHandshake.perform(kernel.device(), true, false, TIMEOUT))
                .isInstanceOf(FuseMountException.class)
                .hasMessageContaining("unmounted before FUSE_INIT");
        unmounting.join();
    }
}
