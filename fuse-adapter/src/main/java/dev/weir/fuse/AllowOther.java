package dev.weir.fuse;

/** Whether users other than the one that mounts may use the file. */
public enum AllowOther {
    /** Where that is permitted; otherwise not, without an error. */
    AUTO,
    /** Yes, or the export fails. */
    ON,
    /** No, not even the superuser. */
    OFF
}
