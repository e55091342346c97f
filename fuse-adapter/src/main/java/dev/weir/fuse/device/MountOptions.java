package dev.weir.fuse.device;

/**
 * How a file system is mounted.
 *
 * @param source what stands in the first column of the mount table
 * @param readOnly refuses writers in the kernel already
 * @param allowOther lets every user in; the kernel checks mode bits in any case
 * @param orNot whether to mount without {@code allowOther} where it is refused
 * @param maxRead bytes of the largest READ
 */
public record MountOptions(String source, boolean readOnly, boolean allowOther, boolean orNot, int maxRead) {
    /** The type in the mount table. */
    static final String SUBTYPE = "weir";

    MountOptions withoutAllowOther() {
        return new MountOptions(source, readOnly, false, false, maxRead);
    }
}
