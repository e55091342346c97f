package dev.weir.posix;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.IgnoreError;
import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import org.jspecify.annotations.Nullable;

/**
 * The C library as it is. Structures are direct buffers in native byte order, laid out by hand where their layout is the
 * same on x86-64 and aarch64; paths are bytes, because jnr-ffi would encode a string in the default charset.
 */
final class LibC {
    /** What jnr-ffi implements; public for the class that it generates, which lies in another class loader. */
    public interface Calls {
        int open(@In byte[] path, int flags, int mode);

        int close(int fd);

        int dup3(int fd, int target, int flags);

        long read(int fd, long address, long length);

        long write(int fd, long address, long length);

        long pread(int fd, long address, long length, long offset);

        long pwrite(int fd, long address, long length, long offset);

        long preadv2(int fd, ByteBuffer iovec, int count, long offset, int flags);

        long pwritev2(int fd, ByteBuffer iovec, int count, long offset, int flags);

        long preadv2(int fd, long iovec, int count, long offset, int flags);

        long pwritev2(int fd, long iovec, int count, long offset, int flags);

        int fstatfs(int fd, ByteBuffer statfs);

        long lseek(int fd, long offset, int whence);

        int statx(int dirFd, @In byte[] path, int flags, int mask, ByteBuffer statx);

        int fallocate(int fd, int mode, long offset, long length);

        int ftruncate(int fd, long length);

        int fdatasync(int fd);

        int fsync(int fd);

        int fcntl(int fd, int command, long argument);

        int fcntl(int fd, int command, ByteBuffer flock);

        int ioctl(int fd, long request, long argument);

        int mount(@In byte[] source, @In byte[] target, @In byte[] type, long flags, @In byte @Nullable [] data);

        int umount2(@In byte[] target, int flags);

        int poll(ByteBuffer pollfds, long count, int timeoutMillis);

        int socketpair(int domain, int type, int protocol, @Out int[] fds);

        long recvmsg(int fd, ByteBuffer msghdr, int flags);

        long sendmsg(int fd, ByteBuffer msghdr, int flags);

        @IgnoreError
        int posix_spawnp(
                @Out int[] pid,
                @In byte[] file,
                ByteBuffer fileActions,
                @Nullable Pointer attributes,
                ByteBuffer argv,
                ByteBuffer environment);

        @IgnoreError
        int posix_spawn_file_actions_init(ByteBuffer fileActions);

        @IgnoreError
        int posix_spawn_file_actions_adddup2(ByteBuffer fileActions, int fd, int newFd);

        @IgnoreError
        int posix_spawn_file_actions_addclosefrom_np(ByteBuffer fileActions, int lowest);

        @IgnoreError
        int posix_spawn_file_actions_destroy(ByteBuffer fileActions);

        int waitpid(int pid, @Out int[] status, int options);

        @IgnoreError
        int getuid();

        @IgnoreError
        int geteuid();

        @IgnoreError
        int getgid();

        @IgnoreError
        int getegid();

        @IgnoreError
        @Nullable
        String strerror(int errno);
    }

    static final Calls CALLS = LibraryLoader.create(Calls.class).load("c");

    private static final Runtime RUNTIME = Runtime.getRuntime(CALLS);

    private LibC() {}

    /** The error number of this thread's last call. */
    static int errno() {
        return RUNTIME.getLastError();
    }

    /** Fails with the error number of this thread's last call. */
    static PosixException failed(String call) {
        return new PosixException(errno(), call);
    }

    static int check(int result, String call) throws PosixException {
        if (result < 0) {
            throw failed(call);
        }
        return result;
    }

    static long check(long result, String call) throws PosixException {
        if (result < 0) {
            throw failed(call);
        }
        return result;
    }

    /** A zeroed structure. */
    static ByteBuffer struct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    /** A NUL-terminated string in UTF-8. */
    static byte[] string(String text, String call) throws PosixException {
        if (text.indexOf('\0') >= 0) {
            throw new PosixException(Errno.EINVAL, call);
        }
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        byte[] terminated = new byte[bytes.length + 1];
        System.arraycopy(bytes, 0, terminated, 0, bytes.length);
        return terminated;
    }

    /** The address of a direct buffer's first byte, whatever its position. */
    static long address(ByteBuffer direct) {
        if (!direct.isDirect()) {
            throw new IllegalArgumentException("not a direct buffer");
        }
        return Pointer.wrap(RUNTIME, direct.duplicate().rewind()).address();
    }
}
