package dev.weir.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PosixFileTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path dir;

    private final List<Integer> open = new ArrayList<>();
    private Path path;
    private int fd;

    @BeforeEach
    void create() throws IOException {
        path = dir.resolve("räksmörgås");
        fd = open(PosixFile.O_RDWR | PosixFile.O_CREAT | PosixFile.O_EXCL);
    }

    @AfterEach
    void closeAll() throws IOException {
        for (int descriptor : open) {
            PosixFile.close(descriptor);
        }
    }

    private int open(int flags) throws IOException {
        int descriptor = PosixFile.open(path.toString(), flags, 0640);
        open.add(descriptor);
        return descriptor;
    }

    private static ByteBuffer bytes(String text) {
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    @Test
    void writesAndReadsAtAnOffsetBeyondFourGibibytes() throws IOException {
        long offset = (5L << 30) + 3;
        ByteBuffer src = bytes("xxhello").position(2);
        assertThat(PosixFile.pwrite(fd, src, offset)).isEqualTo(5);
        assertThat(src.remaining()).isZero();

        ByteBuffer dst = ByteBuffer.allocateDirect(16).position(1).limit(8);
        assertThat(PosixFile.pread(fd, dst, offset)).isEqualTo(5);
        assertThat(dst.position()).isEqualTo(6);
        assertThat(dst.position(1).limit(6)).isEqualTo(bytes("hello"));
        assertThat(Files.size(path)).isEqualTo(offset + 5);
    }

    @Test
    void readsAndWritesAtTheFileOffset() throws IOException {
        assertThat(PosixFile.write(fd, bytes("abcdef"))).isEqualTo(6);
        assertThat(PosixFile.lseek(fd, 2, PosixFile.SEEK_SET)).isEqualTo(2);
        ByteBuffer dst = ByteBuffer.allocateDirect(3);
        assertThat(PosixFile.read(fd, dst)).isEqualTo(3);
        assertThat(dst.flip()).isEqualTo(bytes("cde"));
    }

    @Test
    void vectoredCallsTakeFlags() throws IOException {
        assertThat(PosixNowait.write(fd, bytes("synced"), 10, PosixFile.RWF_DSYNC))
                .isEqualTo(6);
        ByteBuffer dst = ByteBuffer.allocateDirect(6);
        assertThat(PosixNowait.read(fd, dst, 10, 0)).isEqualTo(6);
        assertThat(dst.flip()).isEqualTo(bytes("synced"));
        dst.clear();
        assertThat(PosixNowait.read(fd, dst, 10, 1 << 30)).isEqualTo(-Errno.EOPNOTSUPP);
    }

    @Test
    void triedCallsReturnTheErrorNumber() throws IOException {
        PosixSocket.Pair pair = PosixSocket.messagePair(true);
        open.add(pair.first());
        open.add(pair.second());
        ByteBuffer buffer = ByteBuffer.allocateDirect(8);
        assertThat(PosixFile.tryRead(pair.first(), LibC.address(buffer), 8)).isEqualTo(-Errno.EAGAIN);
        assertThat(PosixFile.tryWrite(-1, LibC.address(buffer), 8)).isEqualTo(-Errno.EBADF);
        assertThat(PosixFile.poll(pair.first(), PosixFile.POLLIN, 1)).isZero();
        assertThat(PosixFile.tryWrite(pair.second(), LibC.address(buffer), 8)).isEqualTo(8);
        assertThat(PosixFile.poll(pair.first(), PosixFile.POLLIN, -1)).isEqualTo(PosixFile.POLLIN);
        assertThat(PosixFile.tryRead(pair.first(), LibC.address(buffer), 8)).isEqualTo(8);
    }

    @Test
    void findsHolesAndPunchesThem() throws IOException {
        PosixFile.ftruncate(fd, 4 * MIB);
        assertThat(PosixFile.lseek(fd, 0, PosixFile.SEEK_HOLE)).isZero();
        assertThatThrownBy(() -> PosixFile.lseek(fd, 0, PosixFile.SEEK_DATA))
                .isInstanceOfSatisfying(
                        PosixException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENXIO))
                .hasMessage("lseek: No such device or address");

        PosixFile.fallocate(fd, 0, 4 * MIB, MIB);
        assertThat(FileStatus.of(fd).size()).isEqualTo(5 * MIB);
        assertThat(FileStatus.of(fd).blocks()).isGreaterThanOrEqualTo(MIB / 512);

        PosixFile.fallocate(fd, PosixFile.FALLOC_FL_PUNCH_HOLE | PosixFile.FALLOC_FL_KEEP_SIZE, 4 * MIB, MIB);
        PosixFile.fdatasync(fd);
        PosixFile.fsync(fd);
        assertThat(FileStatus.of(fd).blocks()).isZero();
    }

    @Test
    void statusIsWhatTheJdkTells() throws IOException {
        PosixFile.pwrite(fd, bytes("hello"), 100_000);
        PosixFile.fsync(fd);
        FileStatus status = FileStatus.of(fd);

        assertThat(status).isEqualTo(FileStatus.of(path.toString()));
        assertThat(status.size()).isEqualTo(100_005);
        assertThat(status.inode()).isEqualTo(Files.getAttribute(path, "unix:ino"));
        assertThat(status.device()).isEqualTo(Files.getAttribute(path, "unix:dev"));
        assertThat(status.mode()).isEqualTo(Files.getAttribute(path, "unix:mode"));
        assertThat(status.uid()).isEqualTo(Files.getAttribute(path, "unix:uid"));
        assertThat(status.gid()).isEqualTo(Files.getAttribute(path, "unix:gid"));
        assertThat(status.modified().toEpochMilli())
                .isEqualTo(Files.readAttributes(path, PosixFileAttributes.class)
                        .lastModifiedTime()
                        .toMillis());
        assertThat(status.blockSize()).isPositive();
        assertThat(status.blocks()).isPositive();
        assertThat(status.isRegular()).isTrue();
        assertThat(FileStatus.of(dir.toString()).isDirectory()).isTrue();
    }

    @Test
    void statusOfALinkIsItsOwn() throws IOException {
        Path link = Files.createSymbolicLink(dir.resolve("link"), path);
        assertThat(FileStatus.of(link.toString()).inode())
                .isEqualTo(FileStatus.of(fd).inode());
        assertThat(FileStatus.ofLink(link.toString()).inode())
                .isEqualTo(Files.getAttribute(link, "unix:ino", java.nio.file.LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    void errorsCarryNumberCallAndText() {
        assertThatThrownBy(() -> PosixFile.open(dir + "/absent", PosixFile.O_RDONLY, 0))
                .isInstanceOfSatisfying(
                        PosixException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOENT))
                .hasMessage("open " + dir + "/absent: No such file or directory");
        assertThatThrownBy(() -> PosixFile.open("a\0b", PosixFile.O_RDONLY, 0))
                .isInstanceOfSatisfying(
                        PosixException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    }

    @Test
    void descriptorsAreClosedOnExecAndShareStatusFlags() throws IOException {
        int copy = PosixFile.dup(fd);
        open.add(copy);
        assertThat(PosixFile.descriptorFlags(fd)).isEqualTo(PosixFile.FD_CLOEXEC);
        assertThat(PosixFile.descriptorFlags(copy)).isEqualTo(PosixFile.FD_CLOEXEC);
        PosixFile.setDescriptorFlags(copy, 0);
        assertThat(PosixFile.descriptorFlags(copy)).isZero();

        PosixFile.setStatusFlags(fd, PosixFile.statusFlags(fd) | PosixFile.O_NONBLOCK);
        assertThat(PosixFile.statusFlags(copy) & PosixFile.O_NONBLOCK).isNotZero();
    }

    @Test
    void ioctlOfAnotherKindOfFileIsRefused() {
        assertThatThrownBy(() -> PosixFile.ioctl(fd, 0x80081272L, ByteBuffer.allocateDirect(8)))
                .isInstanceOfSatisfying(
                        PosixException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOTTY));
    }

    @Test
    void locksOfTwoOpenFilesConflictAndThoseOfOneDoNot() throws IOException {
        int other = open(PosixFile.O_RDWR);
        assertThat(OfdLock.tryLock(fd, 100, 1, false)).isTrue();
        assertThat(OfdLock.tryLock(other, 100, 1, false)).isTrue();
        assertThat(OfdLock.probe(other, 100, 1, true)).isFalse();
        assertThat(OfdLock.probe(other, 101, 1, true)).isTrue();
        assertThat(OfdLock.tryLock(other, 100, 1, true)).isFalse();

        OfdLock.unlock(fd, 100, 1);
        assertThat(OfdLock.probe(other, 100, 1, true)).isTrue();
        assertThat(OfdLock.tryLock(other, 100, 1, true)).isTrue();
        assertThat(OfdLock.tryLock(fd, 100, 1, false)).isFalse();
    }
}
