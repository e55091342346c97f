package dev.weir.storage;

/** The closed set of reasons for which a block operation fails; control flow and errno mapping depend on nothing else. */
public enum BlockErrorKind {
    /** The device or the file below it failed (EIO). */
    IO,
    /** No room left on the device or file system below (ENOSPC). */
    NO_SPACE,
    /** The quota of the file's owner is used up (EDQUOT). */
    QUOTA_EXCEEDED,
    /** The request would exceed the largest file that is possible below (EFBIG). */
    FILE_TOO_LARGE,
    /** The node, image or file system is read-only (EROFS). */
    READ_ONLY,
    /** The operating system denied access (EACCES, EPERM). */
    ACCESS_DENIED,
    /** A file, node or driver of that name does not exist (ENOENT). */
    NOT_FOUND,
    /** The request lies outside the node (EIO at a client, which cannot ask for it). */
    OUT_OF_RANGE,
    /** An option or argument is malformed (EINVAL). */
    INVALID,
    /** The driver cannot do this operation (EOPNOTSUPP). */
    UNSUPPORTED,
    /** The image is not a valid image of its format (EINVAL). */
    INVALID_FORMAT,
    /** The object is in use, or a permission or image lock is taken by another user (EBUSY). */
    BUSY,
    /** There is no data at or after the offset (ENXIO). */
    NO_DATA,
    /** Memory for the request could not be had (ENOMEM). */
    NO_MEMORY,
    /** A deadline passed (ETIMEDOUT). */
    TIMED_OUT,
    /** The node or backend was closed (EIO at a client). */
    CLOSED
}
