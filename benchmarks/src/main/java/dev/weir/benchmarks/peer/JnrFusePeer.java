package dev.weir.benchmarks.peer;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import ru.serce.jnrfuse.FuseException;

/**
 * Mounts a directory with one file in it, {@value OneFileSystem#NAME}, which is the image; ends when it is unmounted.
 *
 * <p>Options that suit libfuse 2 best: its largest requests, 128 KiB, and no page cache in between.
 */
public final class JnrFusePeer {
    /** Direct I/O, as Weir's exports have it: without it cached pages would be compared. */
    private static final String MOUNT_OPTIONS = "direct_io,big_writes,max_read=131072,max_write=131072";

    /** Name of the file. */
    public static final String FILE = OneFileSystem.NAME;

    private JnrFusePeer() {}

    /** {@code IMAGE DIRECTORY}. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 2) {
            System.err.println("usage: jnr-fuse-peer IMAGE DIRECTORY");
            System.exit(2);
        }
        try (var image = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            new OneFileSystem(image).mount(Path.of(arguments[1]), true, false, new String[] {"-o", MOUNT_OPTIONS});
        } catch (FuseException | UnsatisfiedLinkError e) {
            System.err.println("jnr-fuse-peer: " + e.getMessage() + " (libfuse 2 is needed: apt-get install libfuse2)");
            System.exit(1);
        }
    }
}
