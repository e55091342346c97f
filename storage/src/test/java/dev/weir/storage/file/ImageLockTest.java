package dev.weir.storage.file;

import static dev.weir.storage.file.FileFixture.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.weir.posix.OfdLock;
import dev.weir.posix.PosixFile;
import dev.weir.storage.BlockErrorKind;
import dev.weir.storage.BlockException;
import dev.weir.storage.NodeOptions;
import dev.weir.storage.Permission;
import dev.weir.storage.Permissions;
import dev.weir.storage.spi.BlockDevice;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ImageLockTest {
    private static final Permissions WRITE_AND_SHARE =
            new Permissions(Set.of(Permission.CONSISTENT_READ, Permission.WRITE), Permissions.ALL);

    private final FileFixture files = new FileFixture();

    @TempDir
    Path dir;

    private Path path;

    @BeforeEach
    void create() throws IOException {
        path = Files.write(dir.resolve("image"), new byte[4096]);
    }

    @AfterEach
    void close() throws InterruptedException {
        files.close();
    }

    /** The bytes that anybody holds a lock on, as the kernel lists them. */
    private Set<Integer> lockedBytes() throws IOException {
        String inode = ":" + Files.getAttribute(path, "unix:ino");
        Set<Integer> bytes = new TreeSet<>();
        for (String line : Files.readAllLines(Path.of("/proc/locks"))) {
            String[] fields = line.trim().split(" +");
            if (fields[1].equals("OFDLCK") && fields[5].endsWith(inode)) {
                assertThat(fields[3]).isEqualTo("READ");
                for (int at = Integer.parseInt(fields[6]); at <= Integer.parseInt(fields[7]); at++) {
                    bytes.add(at);
                }
            }
        }
        return bytes;
    }

    private void hold(BlockDevice device, Permissions permissions) {
        await(device.permissionsChanged(permissions));
    }

    private void assertBusy(BlockDevice device, Permissions permissions, String what) {
        assertThatThrownBy(() -> hold(device, permissions))
                .asInstanceOf(type(BlockException.class))
                .returns(BlockErrorKind.BUSY, BlockException::kind)
                .extracting(Throwable::getMessage)
                .isEqualTo(what + ". Is another process using the image [" + path + "]?");
    }

    @Test
    void holdsTheBytesOfThePermissions() throws IOException {
        BlockDevice device = files.open(path);
        assertThat(lockedBytes()).isEmpty();
        hold(device, Permissions.READ);
        assertThat(lockedBytes()).containsExactly(100, 201, 203);
        hold(device, Permissions.WRITE);
        assertThat(lockedBytes()).containsExactly(100, 101, 103, 201, 203);
        // What users share among themselves, other processes still must not do.
        hold(device, WRITE_AND_SHARE);
        assertThat(lockedBytes()).containsExactly(100, 101, 201, 203);
        hold(device, Permissions.NONE);
        assertThat(lockedBytes()).isEmpty();
        hold(device, Permissions.WRITE);
        files.close(device);
        assertThat(lockedBytes()).isEmpty();
    }

    @Test
    void twoWritersConflict() throws IOException {
        BlockDevice first = files.open(path);
        BlockDevice second = files.open(path);
        hold(first, Permissions.WRITE);
        assertBusy(second, Permissions.WRITE, "Failed to get \"write\" lock");
        assertThat(lockedBytes()).containsExactly(100, 101, 103, 201, 203);
        files.close(first);
        assertThat(lockedBytes()).isEmpty();
        hold(second, Permissions.WRITE);
    }

    @Test
    void readerThatMindsWritersConflictsWithOne() {
        BlockDevice writer = files.open(path);
        BlockDevice reader = files.openReadOnly(path);
        hold(writer, WRITE_AND_SHARE);
        assertBusy(reader, Permissions.READ, "Failed to get shared \"write\" lock");
        hold(writer, Permissions.NONE);
        hold(reader, Permissions.READ);
        assertBusy(writer, WRITE_AND_SHARE, "Failed to get \"write\" lock");
        assertBusy(
                writer, new Permissions(Set.of(Permission.RESIZE), Permissions.ALL), "Failed to get \"resize\" lock");
    }

    @Test
    void readersShare() {
        hold(files.openReadOnly(path), Permissions.READ);
        hold(files.openReadOnly(path), Permissions.READ);
        hold(files.open(path), Permissions.READ);
    }

    @Test
    void conflictLeavesWhatWasHeld() throws IOException {
        BlockDevice first = files.open(path);
        BlockDevice second = files.openReadOnly(path);
        hold(first, Permissions.READ);
        hold(second, Permissions.READ);
        assertBusy(first, Permissions.WRITE, "Failed to get \"write\" lock");
        files.close(second);
        assertThat(lockedBytes()).containsExactly(100, 201, 203);
    }

    @Test
    void nothingIsHeldWithForceShareOrWithoutLocking() throws IOException {
        BlockDevice writer = files.open(path);
        hold(writer, Permissions.WRITE);
        BlockDevice shared =
                files.open(FileFixture.options(path), new FileFixture.Context(files.pool, true, false, false, true));
        hold(shared, Permissions.READ);
        NodeOptions off = NodeOptions.builder()
                .set("filename", path.toString())
                .set("locking", "off")
                .build();
        BlockDevice unlocked = files.open(off, files.context());
        hold(unlocked, Permissions.WRITE);
        files.close(writer);
        assertThat(lockedBytes()).isEmpty();
    }

    @Test
    void lockOfAnotherKindIsNamedByItsByte() throws IOException {
        int fd = PosixFile.open(path.toString(), PosixFile.O_RDWR, 0);
        try {
            assertThat(OfdLock.tryLock(fd, 101, 1, true)).isTrue();
            assertBusy(files.open(path), Permissions.WRITE, "Failed to lock byte 101");
        } finally {
            PosixFile.close(fd);
        }
    }

    @Test
    void writersOfTwoProcessesConflict() throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // What keeps this JDK silent about native code.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith("--"))
                .forEach(command::add);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Holder.class.getName(), path.toString()));
        Process other = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        BlockDevice device = files.open(path);
        try {
            assertThat(other.inputReader().readLine()).isEqualTo("held");
            assertBusy(device, Permissions.WRITE, "Failed to get \"write\" lock");
        } finally {
            other.destroyForcibly().waitFor();
        }
        hold(device, Permissions.WRITE);
    }

    /** Another process that writes to the image until it is killed. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] args) throws Exception {
            var files = new FileFixture();
            await(files.open(Path.of(args[0])).permissionsChanged(Permissions.WRITE));
            System.out.println("held");
            Thread.sleep(60_000);
            files.close();
        }
    }
}
