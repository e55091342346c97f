package dev.weir.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PosixProcessTest {
    @Test
    void childGetsArgumentsEnvironmentAndDescriptor() throws IOException {
        PosixSocket.Pair pair = PosixSocket.streamPair();
        try {
            int pid = PosixProcess.spawn(
                    List.of("sh", "-c", "printf '%s-%s' \"$GREETING\" \"$1\" >&9", "sh", "å"),
                    Map.of("GREETING", "hello"),
                    Map.of(9, pair.second()));
            assertThat(PosixProcess.waitFor(pid)).isZero();
            ByteBuffer answer = ByteBuffer.allocateDirect(64);
            PosixFile.read(pair.first(), answer);
            assertThat(StandardCharsets.UTF_8.decode(answer.flip()).toString()).isEqualTo("hello-å");
        } finally {
            PosixFile.close(pair.first());
            PosixFile.close(pair.second());
        }
    }

    @Test
    void waitTellsExitStatusAndSignal() throws IOException {
        assertThat(PosixProcess.waitFor(PosixProcess.spawn(List.of("sh", "-c", "exit 7"), Map.of(), Map.of())))
                .isEqualTo(7);
        assertThat(PosixProcess.waitFor(PosixProcess.spawn(List.of("/bin/sh", "-c", "kill -9 $$"), Map.of(), Map.of())))
                .isEqualTo(128 + 9);
    }

    @Test
    void childGetsNoDescriptorThatWasNotChosen(@TempDir Path dir) throws IOException {
        Path path = Files.createFile(dir.resolve("file"));
        int fd = PosixFile.open(path.toString(), PosixFile.O_RDONLY, 0);
        try {
            var script = List.of("sh", "-c", "test ! -e /proc/$$/fd/" + fd);
            assertThat(PosixProcess.waitFor(PosixProcess.spawn(script, Map.of(), Map.of())))
                    .isZero();
        } finally {
            PosixFile.close(fd);
        }
    }

    @Test
    void absentProgramIsReported() {
        assertThatThrownBy(() -> PosixProcess.spawn(List.of("no-such-program"), Map.of(), Map.of()))
                .isInstanceOfSatisfying(
                        PosixException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT));
    }

    @Test
    void descriptorPassesOverASocket(@TempDir Path dir) throws IOException {
        Path path = Files.writeString(dir.resolve("file"), "contents");
        PosixSocket.Pair pair = PosixSocket.streamPair();
        int fd = PosixFile.open(path.toString(), PosixFile.O_RDONLY, 0);
        PosixSocket.sendDescriptor(pair.first(), fd);
        PosixFile.close(fd);
        int received = PosixSocket.receiveDescriptor(pair.second());
        try {
            assertThat(FileStatus.of(received).inode()).isEqualTo(Files.getAttribute(path, "unix:ino"));
            assertThat(PosixFile.descriptorFlags(received)).isEqualTo(PosixFile.FD_CLOEXEC);
        } finally {
            PosixFile.close(received);
            PosixFile.close(pair.first());
        }
        assertThat(PosixSocket.receiveDescriptor(pair.second())).isEqualTo(-1);
        PosixFile.close(pair.second());
    }

    @Test
    void identityIsTheOwnerOfOurOwnProcess() throws IOException {
        assertThat(PosixProcess.effectiveUid()).isEqualTo(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        assertThat(PosixProcess.effectiveGid()).isEqualTo(Files.getAttribute(Path.of("/proc/self"), "unix:gid"));
        assertThat(PosixProcess.uid()).isNotNegative();
        assertThat(PosixProcess.gid()).isNotNegative();
    }

    @Test
    void mountErrorsNameTheTarget(@TempDir Path dir) {
        assertThatThrownBy(() -> PosixMount.mount("none", dir.toString(), "no-such-fs", 0, null))
                .isInstanceOf(PosixException.class)
                .hasMessageStartingWith("mount " + dir + ": ");
        assertThatThrownBy(() -> PosixMount.mount("none", dir.toString(), "tmpfs", 0, "x".repeat(4096)))
                .isInstanceOfSatisfying(
                        PosixException.class, e -> assertThat(e.errno()).isEqualTo(Errno.E2BIG));
        assertThatThrownBy(() -> PosixMount.unmount(dir + "/absent", PosixMount.MNT_DETACH))
                .isInstanceOfSatisfying(
                        PosixException.class, e -> assertThat(e.errno()).isIn(Errno.ENOENT, Errno.EPERM));
    }
}
