package dev.weir.storage.file;

import dev.weir.posix.PosixException;
import dev.weir.posix.PosixFile;

/** What is known of file systems by their magic numbers, those of include/uapi/linux/magic.h. */
enum FileSystemType {
    TMPFS(0x01021994L),
    RAMFS(0x858458f6L),
    EXT4(0xef53L),
    XFS(0x58465342L),
    BTRFS(0x9123683eL),
    OTHER(0);

    private final long magic;

    FileSystemType(long magic) {
        this.magic = magic;
    }

    /** Blocks. */
    static FileSystemType of(int fd) throws PosixException {
        long found = PosixFile.fileSystemType(fd);
        for (FileSystemType type : values()) {
            if (type.magic == found) {
                return type;
            }
        }
        return OTHER;
    }

    /** Its files are nowhere but in memory. */
    boolean isMemory() {
        return this == TMPFS || this == RAMFS;
    }

    /** Its files are on a disk of this machine, and in the page cache as far as they are in memory. */
    boolean isLocalDisk() {
        return this == EXT4 || this == XFS || this == BTRFS;
    }
}
