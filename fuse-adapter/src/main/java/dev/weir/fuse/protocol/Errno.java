package dev.weir.fuse.protocol;

import java.util.Arrays;

/**
 * The errors that a reply can carry, with the numbers of Linux (equal on x86-64 and aarch64).
 *
 * <p>A type of its own, so that neither a positive nor a negative {@code int} can be mistaken for the other.
 *
 * <p>Source: kernel {@code include/uapi/asm-generic/errno.h} and {@code errno-base.h}.
 */
public enum Errno {
    EPERM(1),
    ENOENT(2),
    EINTR(4),
    EIO(5),
    ENXIO(6),
    E2BIG(7),
    EBADF(9),
    EAGAIN(11),
    ENOMEM(12),
    EACCES(13),
    EFAULT(14),
    EBUSY(16),
    EEXIST(17),
    EXDEV(18),
    ENODEV(19),
    ENOTDIR(20),
    EISDIR(21),
    EINVAL(22),
    ENFILE(23),
    EMFILE(24),
    ENOTTY(25),
    ETXTBSY(26),
    EFBIG(27),
    ENOSPC(28),
    ESPIPE(29),
    EROFS(30),
    EMLINK(31),
    EPIPE(32),
    EDOM(33),
    ERANGE(34),
    EDEADLK(35),
    ENAMETOOLONG(36),
    ENOLCK(37),
    ENOSYS(38),
    ENOTEMPTY(39),
    ELOOP(40),
    ENODATA(61),
    ETIME(62),
    ENOLINK(67),
    EPROTO(71),
    EBADMSG(74),
    EOVERFLOW(75),
    EILSEQ(84),
    EOPNOTSUPP(95),
    EADDRINUSE(98),
    ENETUNREACH(101),
    ECONNABORTED(103),
    ECONNRESET(104),
    ENOBUFS(105),
    ENOTCONN(107),
    ESHUTDOWN(108),
    ETIMEDOUT(110),
    ECONNREFUSED(111),
    EHOSTUNREACH(113),
    EALREADY(114),
    EINPROGRESS(115),
    ESTALE(116),
    EREMOTEIO(121),
    EDQUOT(122),
    ENOMEDIUM(123),
    EMEDIUMTYPE(124),
    ECANCELED(125),
    ENOKEY(126);

    /** On Linux the same number, hence the same error, as {@link #EOPNOTSUPP}. */
    public static final Errno ENOTSUP = EOPNOTSUPP;

    private static final Errno[] BY_CODE = byCode();

    private final int code;

    Errno(int code) {
        this.code = code;
    }

    /** The positive number of the error. */
    public int code() {
        return code;
    }

    /** The error with a positive number; {@link #EIO} for a number that is not in the list. */
    public static Errno of(int code) {
        return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : EIO;
    }

    private static Errno[] byCode() {
        Errno[] all = values();
        Errno[] table = new Errno[all[all.length - 1].code + 1];
        Arrays.fill(table, EIO);
        for (Errno errno : all) {
            table[errno.code] = errno;
        }
        return table;
    }
}
