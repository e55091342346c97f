package dev.weir.storage;

/**
 * A run of bytes of one status, as {@link BlockIo#blockStatus} reports it.
 *
 * @param offset first byte
 * @param length bytes, at least 1
 * @param data whether the bytes are stored; a hole has no data
 * @param zero whether the bytes are known to read as zero
 */
public record Extent(long offset, long length, boolean data, boolean zero) {
    public static Extent data(long offset, long length) {
        return new Extent(offset, length, true, false);
    }

    /** Nothing is stored and the bytes read as zero. */
    public static Extent hole(long offset, long length) {
        return new Extent(offset, length, false, true);
    }

    /** First byte after the extent. */
    public long end() {
        return offset + length;
    }
}
