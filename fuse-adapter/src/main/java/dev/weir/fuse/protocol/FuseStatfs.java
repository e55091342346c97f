package dev.weir.fuse.protocol;

/**
 * Numbers of a file system, with the fields of {@code struct fuse_kstatfs}.
 *
 * @param blocks size of the file system in units of {@code frsize}
 * @param bfree free units
 * @param bavail units free to users without privilege
 * @param files inodes
 * @param ffree free inodes
 * @param bsize preferred size of I/O in bytes
 * @param namelen longest name in bytes
 * @param frsize size of a unit in bytes
 */
public record FuseStatfs(
        long blocks, long bfree, long bavail, long files, long ffree, int bsize, int namelen, int frsize) {}
