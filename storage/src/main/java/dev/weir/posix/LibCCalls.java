package dev.weir.posix;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.MemoryIO;
import com.kenai.jffi.Type;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The C library as it is, through jffi, the lower half of jnr-ffi: the upper half would generate a class for these at every
 * start, which takes longer than all the rest of it. Every parameter is passed as a 64-bit integer, which is how both
 * supported architectures pass integers and pointers. Errors are left in errno, read with {@link LibC#errno}.
 */
final class LibCCalls {
    private static final Invoker INVOKER = Invoker.getInstance();
    private static final MemoryIO MEMORY = MemoryIO.getInstance();
    private static final Charset TEXTS = platformCharset(System.getProperty("sun.jnu.encoding"));

    private static final CallContext[] RETURNS_INT = CLibrary.contexts(Type.SINT32);
    private static final CallContext[] RETURNS_LONG = CLibrary.contexts(Type.SINT64);

    private final long open = CLibrary.symbol("open");
    private final long close = CLibrary.symbol("close");
    private final long dup3 = CLibrary.symbol("dup3");
    private final long read = CLibrary.symbol("read");
    private final long write = CLibrary.symbol("write");
    private final long pread = CLibrary.symbol("pread");
    private final long pwrite = CLibrary.symbol("pwrite");
    private final long preadv2 = CLibrary.symbol("preadv2");
    private final long pwritev2 = CLibrary.symbol("pwritev2");
    private final long fstatfs = CLibrary.symbol("fstatfs");
    private final long lseek = CLibrary.symbol("lseek");
    private final long statx = CLibrary.symbol("statx");
    private final long fallocate = CLibrary.symbol("fallocate");
    private final long ftruncate = CLibrary.symbol("ftruncate");
    private final long fdatasync = CLibrary.symbol("fdatasync");
    private final long fsync = CLibrary.symbol("fsync");
    private final long madvise = CLibrary.symbol("madvise");
    private final long fcntl = CLibrary.symbol("fcntl");
    private final long ioctl = CLibrary.symbol("ioctl");
    private final long mount = CLibrary.symbol("mount");
    private final long umount2 = CLibrary.symbol("umount2");
    private final long poll = CLibrary.symbol("poll");
    private final long socketpair = CLibrary.symbol("socketpair");
    private final long recvmsg = CLibrary.symbol("recvmsg");
    private final long sendmsg = CLibrary.symbol("sendmsg");
    private final long posixSpawnp = CLibrary.symbol("posix_spawnp");
    private final long posixSpawnFileActionsInit = CLibrary.symbol("posix_spawn_file_actions_init");
    private final long posixSpawnFileActionsAdddup2 = CLibrary.symbol("posix_spawn_file_actions_adddup2");
    private final long posixSpawnFileActionsDestroy = CLibrary.symbol("posix_spawn_file_actions_destroy");
    /** 0 before glibc 2.34. */
    private final long posixSpawnFileActionsAddclosefromNp =
            CLibrary.optional("posix_spawn_file_actions_addclosefrom_np");

    private final long waitpid = CLibrary.symbol("waitpid");
    private final long umask = CLibrary.symbol("umask");
    private final long getuid = CLibrary.symbol("getuid");
    private final long geteuid = CLibrary.symbol("geteuid");
    private final long getgid = CLibrary.symbol("getgid");
    private final long getegid = CLibrary.symbol("getegid");
    private final long schedGetcpu = CLibrary.symbol("sched_getcpu");
    private final long schedGetaffinity = CLibrary.symbol("sched_getaffinity");
    private final long schedSetaffinity = CLibrary.symbol("sched_setaffinity");
    private final long schedGetscheduler = CLibrary.symbol("sched_getscheduler");
    private final long schedSetscheduler = CLibrary.symbol("sched_setscheduler");
    private final long setpriority = CLibrary.symbol("setpriority");
    private final long getpriority = CLibrary.symbol("getpriority");
    private final long getrusage = CLibrary.symbol("getrusage");
    private final long strerror = CLibrary.symbol("strerror");
    private final long mmap = CLibrary.symbol("mmap");
    private final long munmap = CLibrary.symbol("munmap");
    private final long mincore = CLibrary.symbol("mincore");
    private final long eventfd = CLibrary.symbol("eventfd");
    private final long syscall = CLibrary.symbol("syscall");

    LibCCalls() {}

    int open(byte[] path, int flags, int mode) {
        ByteBuffer pathMemory = memory(path);
        int result = (int) INVOKER.invokeN3(RETURNS_INT[3], this.open, LibC.address(pathMemory), flags, mode);
        Reference.reachabilityFence(pathMemory);
        return result;
    }

    int close(int fd) {
        return (int) INVOKER.invokeN1(RETURNS_INT[1], this.close, fd);
    }

    int dup3(int fd, int target, int flags) {
        return (int) INVOKER.invokeN3(RETURNS_INT[3], this.dup3, fd, target, flags);
    }

    long read(int fd, long address, long length) {
        return INVOKER.invokeN3(RETURNS_LONG[3], this.read, fd, address, length);
    }

    long write(int fd, long address, long length) {
        return INVOKER.invokeN3(RETURNS_LONG[3], this.write, fd, address, length);
    }

    long pread(int fd, long address, long length, long offset) {
        return INVOKER.invokeN4(RETURNS_LONG[4], this.pread, fd, address, length, offset);
    }

    long pwrite(int fd, long address, long length, long offset) {
        return INVOKER.invokeN4(RETURNS_LONG[4], this.pwrite, fd, address, length, offset);
    }

    long preadv2(int fd, long iovec, int count, long offset, int flags) {
        return INVOKER.invokeN5(RETURNS_LONG[5], this.preadv2, fd, iovec, count, offset, flags);
    }

    long pwritev2(int fd, long iovec, int count, long offset, int flags) {
        return INVOKER.invokeN5(RETURNS_LONG[5], this.pwritev2, fd, iovec, count, offset, flags);
    }

    int fstatfs(int fd, ByteBuffer statfs) {
        int result = (int) INVOKER.invokeN2(RETURNS_INT[2], this.fstatfs, fd, LibC.address(statfs));
        Reference.reachabilityFence(statfs);
        return result;
    }

    long lseek(int fd, long offset, int whence) {
        return INVOKER.invokeN3(RETURNS_LONG[3], this.lseek, fd, offset, whence);
    }

    int statx(int dirFd, byte[] path, int flags, int mask, ByteBuffer statx) {
        ByteBuffer pathMemory = memory(path);
        int result = (int) INVOKER.invokeN5(
                RETURNS_INT[5], this.statx, dirFd, LibC.address(pathMemory), flags, mask, LibC.address(statx));
        Reference.reachabilityFence(pathMemory);
        Reference.reachabilityFence(statx);
        return result;
    }

    int fallocate(int fd, int mode, long offset, long length) {
        return (int) INVOKER.invokeN4(RETURNS_INT[4], this.fallocate, fd, mode, offset, length);
    }

    int ftruncate(int fd, long length) {
        return (int) INVOKER.invokeN2(RETURNS_INT[2], this.ftruncate, fd, length);
    }

    int fdatasync(int fd) {
        return (int) INVOKER.invokeN1(RETURNS_INT[1], this.fdatasync, fd);
    }

    int fsync(int fd) {
        return (int) INVOKER.invokeN1(RETURNS_INT[1], this.fsync, fd);
    }

    int madvise(long address, long length, int advice) {
        return (int) INVOKER.invokeN3(RETURNS_INT[3], this.madvise, address, length, advice);
    }

    int fcntl(int fd, int command, long argument) {
        return (int) INVOKER.invokeN3(RETURNS_INT[3], this.fcntl, fd, command, argument);
    }

    int fcntl(int fd, int command, ByteBuffer flock) {
        int result = (int) INVOKER.invokeN3(RETURNS_INT[3], this.fcntl, fd, command, LibC.address(flock));
        Reference.reachabilityFence(flock);
        return result;
    }

    int ioctl(int fd, long request, long argument) {
        return (int) INVOKER.invokeN3(RETURNS_INT[3], this.ioctl, fd, request, argument);
    }

    int mount(byte[] source, byte[] target, byte[] type, long flags, byte @Nullable [] data) {
        ByteBuffer sourceMemory = memory(source);
        ByteBuffer targetMemory = memory(target);
        ByteBuffer typeMemory = memory(type);
        ByteBuffer dataMemory = data == null ? null : memory(data);
        int result = (int) INVOKER.invokeN5(
                RETURNS_INT[5],
                this.mount,
                LibC.address(sourceMemory),
                LibC.address(targetMemory),
                LibC.address(typeMemory),
                flags,
                dataMemory == null ? 0 : LibC.address(dataMemory));
        Reference.reachabilityFence(sourceMemory);
        Reference.reachabilityFence(targetMemory);
        Reference.reachabilityFence(typeMemory);
        Reference.reachabilityFence(dataMemory);
        return result;
    }

    int umount2(byte[] target, int flags) {
        ByteBuffer targetMemory = memory(target);
        int result = (int) INVOKER.invokeN2(RETURNS_INT[2], this.umount2, LibC.address(targetMemory), flags);
        Reference.reachabilityFence(targetMemory);
        return result;
    }

    int poll(ByteBuffer pollfds, long count, int timeoutMillis) {
        int result = (int) INVOKER.invokeN3(RETURNS_INT[3], this.poll, LibC.address(pollfds), count, timeoutMillis);
        Reference.reachabilityFence(pollfds);
        return result;
    }

    int socketpair(int domain, int type, int protocol, int[] fds) {
        ByteBuffer fdsMemory = LibC.struct(fds.length * Integer.BYTES);
        int result = (int)
                INVOKER.invokeN4(RETURNS_INT[4], this.socketpair, domain, type, protocol, LibC.address(fdsMemory));
        fdsMemory.asIntBuffer().get(fds);
        return result;
    }

    long recvmsg(int fd, ByteBuffer msghdr, int flags) {
        long result = INVOKER.invokeN3(RETURNS_LONG[3], this.recvmsg, fd, LibC.address(msghdr), flags);
        Reference.reachabilityFence(msghdr);
        return result;
    }

    long sendmsg(int fd, ByteBuffer msghdr, int flags) {
        long result = INVOKER.invokeN3(RETURNS_LONG[3], this.sendmsg, fd, LibC.address(msghdr), flags);
        Reference.reachabilityFence(msghdr);
        return result;
    }

    int posix_spawnp(
            int[] pid, byte[] file, ByteBuffer fileActions, long attributes, ByteBuffer argv, ByteBuffer environment) {
        ByteBuffer pidMemory = LibC.struct(pid.length * Integer.BYTES);
        ByteBuffer fileMemory = memory(file);
        int result = (int) INVOKER.invokeN6(
                RETURNS_INT[6],
                this.posixSpawnp,
                LibC.address(pidMemory),
                LibC.address(fileMemory),
                LibC.address(fileActions),
                attributes,
                LibC.address(argv),
                LibC.address(environment));
        Reference.reachabilityFence(fileMemory);
        Reference.reachabilityFence(fileActions);
        Reference.reachabilityFence(argv);
        Reference.reachabilityFence(environment);
        pidMemory.asIntBuffer().get(pid);
        return result;
    }

    int posix_spawn_file_actions_init(ByteBuffer fileActions) {
        int result = (int) INVOKER.invokeN1(RETURNS_INT[1], this.posixSpawnFileActionsInit, LibC.address(fileActions));
        Reference.reachabilityFence(fileActions);
        return result;
    }

    int posix_spawn_file_actions_adddup2(ByteBuffer fileActions, int fd, int newFd) {
        int result = (int) INVOKER.invokeN3(
                RETURNS_INT[3], this.posixSpawnFileActionsAdddup2, LibC.address(fileActions), fd, newFd);
        Reference.reachabilityFence(fileActions);
        return result;
    }

    /** @throws UnsatisfiedLinkError where the C library is too old for it */
    int posix_spawn_file_actions_addclosefrom_np(ByteBuffer fileActions, int lowest) {
        if (posixSpawnFileActionsAddclosefromNp == 0) {
            throw new UnsatisfiedLinkError("posix_spawn_file_actions_addclosefrom_np");
        }
        int result = (int) INVOKER.invokeN2(
                RETURNS_INT[2], posixSpawnFileActionsAddclosefromNp, LibC.address(fileActions), lowest);
        Reference.reachabilityFence(fileActions);
        return result;
    }

    int posix_spawn_file_actions_destroy(ByteBuffer fileActions) {
        int result =
                (int) INVOKER.invokeN1(RETURNS_INT[1], this.posixSpawnFileActionsDestroy, LibC.address(fileActions));
        Reference.reachabilityFence(fileActions);
        return result;
    }

    int waitpid(int pid, int[] status, int options) {
        ByteBuffer statusMemory = LibC.struct(status.length * Integer.BYTES);
        int result = (int) INVOKER.invokeN3(RETURNS_INT[3], this.waitpid, pid, LibC.address(statusMemory), options);
        statusMemory.asIntBuffer().get(status);
        return result;
    }

    int umask(int mask) {
        return (int) INVOKER.invokeN1(RETURNS_INT[1], this.umask, mask);
    }

    int sched_getcpu() {
        return (int) INVOKER.invokeN0(RETURNS_INT[0], this.schedGetcpu);
    }

    int sched_getaffinity(int pid, long length, long mask) {
        return (int) INVOKER.invokeN3(RETURNS_INT[3], this.schedGetaffinity, pid, length, mask);
    }

    int sched_setaffinity(int pid, long length, long mask) {
        return (int) INVOKER.invokeN3(RETURNS_INT[3], this.schedSetaffinity, pid, length, mask);
    }

    int sched_getscheduler(int pid) {
        return (int) INVOKER.invokeN1(RETURNS_INT[1], this.schedGetscheduler, pid);
    }

    int sched_setscheduler(int pid, int policy, long param) {
        return (int) INVOKER.invokeN3(RETURNS_INT[3], this.schedSetscheduler, pid, policy, param);
    }

    int getpriority(int which, int who) {
        return (int) INVOKER.invokeN2(RETURNS_INT[2], this.getpriority, which, who);
    }

    int setpriority(int which, int who, int priority) {
        return (int) INVOKER.invokeN3(RETURNS_INT[3], this.setpriority, which, who, priority);
    }

    int getrusage(int who, long usage) {
        return (int) INVOKER.invokeN2(RETURNS_INT[2], this.getrusage, who, usage);
    }

    int getuid() {
        return (int) INVOKER.invokeN0(RETURNS_INT[0], this.getuid);
    }

    int geteuid() {
        return (int) INVOKER.invokeN0(RETURNS_INT[0], this.geteuid);
    }

    int getgid() {
        return (int) INVOKER.invokeN0(RETURNS_INT[0], this.getgid);
    }

    int getegid() {
        return (int) INVOKER.invokeN0(RETURNS_INT[0], this.getegid);
    }

    /** The address, or -1. */
    long mmap(long address, long length, int protection, int flags, int fd, long offset) {
        return INVOKER.invokeN6(RETURNS_LONG[6], this.mmap, address, length, protection, flags, fd, offset);
    }

    int mincore(long address, long length, long vector) {
        return (int) INVOKER.invokeN3(RETURNS_INT[3], this.mincore, address, length, vector);
    }

    int munmap(long address, long length) {
        return (int) INVOKER.invokeN2(RETURNS_INT[2], this.munmap, address, length);
    }

    int eventfd(int initial, int flags) {
        return (int) INVOKER.invokeN2(RETURNS_INT[2], this.eventfd, initial, flags);
    }

    /** A system call that the C library has no function for, with up to five parameters. */
    long syscall(long number, long a, long b, long c, long d, long e) {
        return INVOKER.invokeN6(RETURNS_LONG[6], this.syscall, number, a, b, c, d, e);
    }

    String strerror(int errno) {
        long text = INVOKER.invokeN1(RETURNS_LONG[1], this.strerror, errno);
        return new String(MEMORY.getZeroTerminatedByteArray(text), TEXTS);
    }

    /**
     * How the virtual machine decodes the C library's texts.
     *
     * @param jnuEncoding the system property {@code sun.jnu.encoding}
     */
    static Charset platformCharset(@Nullable String jnuEncoding) {
        try {
            return jnuEncoding == null ? StandardCharsets.UTF_8 : Charset.forName(jnuEncoding);
        } catch (IllegalArgumentException e) {
            return StandardCharsets.UTF_8;
        }
    }

    private static ByteBuffer memory(byte[] bytes) {
        return LibC.struct(bytes.length).put(0, bytes);
    }
}
