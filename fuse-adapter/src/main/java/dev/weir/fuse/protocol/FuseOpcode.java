package dev.weir.fuse.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The operations of the protocol.
 *
 * <p>Source: kernel {@code include/uapi/linux/fuse.h}, {@code enum fuse_opcode}, without CUSE.
 */
public enum FuseOpcode {
    LOOKUP(1, 0, Payload.SOME, Reply.ONE),
    FORGET(2, 8, Payload.NONE, Reply.NONE),
    GETATTR(3, 16, Payload.NONE, Reply.ONE),
    SETATTR(4, 88, Payload.NONE, Reply.ONE),
    READLINK(5, 0, Payload.NONE, Reply.ONE),
    SYMLINK(6, 0, Payload.SOME, Reply.ONE),
    MKNOD(8, 16, Payload.SOME, Reply.ONE),
    MKDIR(9, 8, Payload.SOME, Reply.ONE),
    UNLINK(10, 0, Payload.SOME, Reply.ONE),
    RMDIR(11, 0, Payload.SOME, Reply.ONE),
    RENAME(12, 8, Payload.SOME, Reply.ONE),
    LINK(13, 8, Payload.SOME, Reply.ONE),
    OPEN(14, 8, Payload.NONE, Reply.ONE),
    READ(15, 40, Payload.NONE, Reply.ONE),
    WRITE(16, 40, Payload.SOME, Reply.ONE),
    STATFS(17, 0, Payload.NONE, Reply.ONE),
    RELEASE(18, 24, Payload.NONE, Reply.ONE),
    FSYNC(20, 16, Payload.NONE, Reply.ONE),
    SETXATTR(21, 8, Payload.SOME, Reply.ONE),
    GETXATTR(22, 8, Payload.SOME, Reply.ONE),
    LISTXATTR(23, 8, Payload.NONE, Reply.ONE),
    REMOVEXATTR(24, 0, Payload.SOME, Reply.ONE),
    FLUSH(25, 24, Payload.NONE, Reply.ONE),
    INIT(26, 16, Payload.NONE, Reply.ONE),
    OPENDIR(27, 8, Payload.NONE, Reply.ONE),
    READDIR(28, 40, Payload.NONE, Reply.ONE),
    RELEASEDIR(29, 24, Payload.NONE, Reply.ONE),
    FSYNCDIR(30, 16, Payload.NONE, Reply.ONE),
    GETLK(31, 48, Payload.NONE, Reply.ONE),
    SETLK(32, 48, Payload.NONE, Reply.ONE),
    SETLKW(33, 48, Payload.NONE, Reply.ONE),
    ACCESS(34, 8, Payload.NONE, Reply.ONE),
    CREATE(35, 16, Payload.SOME, Reply.ONE),
    INTERRUPT(36, 8, Payload.NONE, Reply.NONE),
    BMAP(37, 16, Payload.NONE, Reply.ONE),
    DESTROY(38, 0, Payload.NONE, Reply.ONE),
    IOCTL(39, 32, Payload.SOME, Reply.ONE),
    POLL(40, 24, Payload.NONE, Reply.ONE),
    NOTIFY_REPLY(41, 40, Payload.SOME, Reply.NONE),
    BATCH_FORGET(42, 8, Payload.SOME, Reply.NONE),
    FALLOCATE(43, 32, Payload.NONE, Reply.ONE),
    READDIRPLUS(44, 40, Payload.NONE, Reply.ONE),
    RENAME2(45, 16, Payload.SOME, Reply.ONE),
    LSEEK(46, 24, Payload.NONE, Reply.ONE),
    COPY_FILE_RANGE(47, 56, Payload.NONE, Reply.ONE),
    SETUPMAPPING(48, 40, Payload.NONE, Reply.ONE),
    REMOVEMAPPING(49, 4, Payload.SOME, Reply.ONE),
    SYNCFS(50, 8, Payload.NONE, Reply.ONE),
    TMPFILE(51, 16, Payload.SOME, Reply.ONE),
    STATX(52, 24, Payload.NONE, Reply.ONE),
    COPY_FILE_RANGE_64(53, 56, Payload.NONE, Reply.ONE);

    private enum Payload {
        NONE,
        SOME
    }

    private enum Reply {
        NONE,
        ONE
    }

    private static final @Nullable FuseOpcode[] BY_CODE = byCode();

    private final int code;
    private final int minimumBody;
    private final boolean payload;
    private final boolean replied;

    FuseOpcode(int code, int minimumBody, Payload payload, Reply reply) {
        this.code = code;
        this.minimumBody = minimumBody;
        this.payload = payload == Payload.SOME;
        this.replied = reply == Reply.ONE;
    }

    /** The operation with a number of the wire, or null if it is not in the list. */
    public static @Nullable FuseOpcode of(int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : null;
    }

    /** Number on the wire. */
    public int code() {
        return code;
    }

    /**
     * Size in bytes of the operation's own struct, which follows the header. INIT has 16 bytes up to kernel 5.18 and 64
     * since; this is the smaller number.
     */
    public int minimumBody() {
        return minimumBody;
    }

    /** Whether data or names follow the struct. */
    public boolean hasPayload() {
        return payload;
    }

    /**
     * Whether a reply is due. FORGET, BATCH_FORGET and NOTIFY_REPLY never get one; INTERRUPT may get EAGAIN or ENOSYS,
     * and normally gets none.
     */
    public boolean replied() {
        return replied;
    }

    private static @Nullable FuseOpcode[] byCode() {
        FuseOpcode[] all = values();
        @Nullable FuseOpcode[] table = new FuseOpcode[all[all.length - 1].code + 1];
        for (FuseOpcode opcode : all) {
            table[opcode.code] = opcode;
        }
        return table;
    }
}
