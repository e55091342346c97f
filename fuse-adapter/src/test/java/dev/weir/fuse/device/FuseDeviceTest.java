package dev.weir.fuse.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;
import dev.weir.posix.PosixSocket;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A device over a socket that keeps message boundaries. */
class FuseDeviceTest {
    private final ByteBuf memory = Unpooled.directBuffer(4096, 4096);
    private int kernel;
    private FuseDevice device;

    @BeforeEach
    void connect() throws PosixException {
        Epoll.ensureAvailability();
        PosixSocket.Pair pair = PosixSocket.messagePair(false);
        kernel = pair.first();
        device = FuseDevice.of(pair.second());
    }

    @AfterEach
    void close() throws PosixException {
        memory.release();
        device.close();
        hangUp();
    }

    private void hangUp() throws PosixException {
        if (kernel >= 0) {
            PosixFile.close(kernel);
            kernel = -1;
        }
    }

    private int receive() throws IOException {
        return device.receive(memory.memoryAddress(), memory.capacity());
    }

    private boolean reply(int length) throws IOException {
        return device.reply(memory.memoryAddress(), length);
    }

    @Test
    void neverBlocksAndIsNotInherited() throws PosixException {
        int fd = device.descriptor().intValue();

        assertThat(PosixFile.statusFlags(fd) & PosixFile.O_NONBLOCK).isNotZero();
        assertThat(PosixFile.descriptorFlags(fd) & PosixFile.FD_CLOEXEC).isNotZero();
    }

    @Test
    void receivesWholeMessages() throws IOException {
        assertThat(receive()).isEqualTo(FuseTransport.NOTHING);
        PosixFile.write(kernel, ByteBuffer.allocateDirect(100));
        PosixFile.write(kernel, ByteBuffer.allocateDirect(7));

        assertThat(receive()).isEqualTo(100);
        assertThat(receive()).isEqualTo(7);
        assertThat(receive()).isEqualTo(FuseTransport.NOTHING);
    }

    @Test
    void theEndComesAfterWhatWasSentBefore() throws IOException {
        PosixFile.write(kernel, ByteBuffer.allocateDirect(100));
        hangUp();

        assertThat(receive()).isEqualTo(100);
        assertThat(receive()).isEqualTo(FuseTransport.UNMOUNTED);
        assertThat(receive()).isEqualTo(FuseTransport.UNMOUNTED);
    }

    @Test
    void aResetIsAnAbort() throws IOException {
        assertThat(reply(16)).isTrue();
        hangUp();

        assertThat(receive()).isEqualTo(FuseTransport.ABORTED);
    }

    @Test
    void sendsWholeMessages() throws IOException {
        assertThat(reply(16)).isTrue();
        assertThat(reply(4096)).isTrue();

        ByteBuffer message = ByteBuffer.allocateDirect(8192);
        assertThat(PosixFile.read(kernel, message)).isEqualTo(16);
        assertThat(PosixFile.read(kernel, message)).isEqualTo(4096);
    }

    @Test
    void aReplyThatNobodyWaitsForIsNoError() throws IOException {
        hangUp();

        assertThat(reply(16)).isFalse();
    }

    @Test
    void aReplyThatIsNotTakenIsAnError() {
        // Until the socket is full, which /dev/fuse never is.
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 100_000; i++) {
                        assertThat(reply(4096)).isTrue();
                    }
                })
                .isInstanceOf(IOException.class)
                .hasMessageContaining("wrote 0 of 4096 bytes");
    }

    @Test
    void givenUpItKeepsItsNumberAndReachesNobody() throws IOException {
        int fd = device.descriptor().intValue();
        device.abandon();

        assertThat(PosixFile.poll(kernel, 0, 0) & PosixFile.POLLHUP).isNotZero();
        assertThat(reply(16)).isTrue();
        assertThat(receive()).isEqualTo(FuseTransport.UNMOUNTED);
        int next = PosixFile.dup(kernel);
        assertThat(next).isNotEqualTo(fd);
        PosixFile.close(next);
    }

    @Test
    void closesOnce() throws PosixException {
        int fd = device.descriptor().intValue();
        device.close();
        int next = PosixFile.dup(kernel);
        try {
            assertThat(next).as("the number is free").isLessThanOrEqualTo(fd);
            device.close();
            assertThat(PosixFile.descriptorFlags(next))
                    .as("another's file is still open")
                    .isNotNegative();
        } finally {
            PosixFile.close(next);
        }
    }
}
