package dev.weir.storage;

/** Who can do with data where it lies. */
@FunctionalInterface
public interface ResidentReader {
    /**
     * Is shown the data that was asked for. Must not block.
     *
     * @param address native address of the first byte, good until this returns and for system calls only: code that touches it
     *     may end the process, where a system call fails with EFAULT because somebody has made the file shorter
     * @param length in bytes
     * @throws java.io.UncheckedIOException where the data could not be had after all; whoever asked has been told
     */
    void show(long address, int length);
}
