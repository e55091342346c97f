package dev.weir.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import reactor.blockhound.BlockHound;
import reactor.blockhound.BlockingMethod;
import reactor.blockhound.BlockingOperationError;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * Makes a blocking call on a thread that must not block (a Netty event loop, a Reactor parallel thread) fail, and fails
 * the test during which it happened, also where the code under test turned the error into an errno. BlockHound and
 * JUnit both find this class by themselves.
 */
public final class BlockingCalls implements BlockHoundIntegration, AfterEachCallback {
    private static final Queue<BlockingOperationError> SEEN = new ConcurrentLinkedQueue<>();

    /** The file calls that BlockHound does not know; JDK 21 moved them. */
    private static final List<String> FILE_DISPATCHERS =
            List.of("sun.nio.ch.FileDispatcherImpl", "sun.nio.ch.UnixFileDispatcherImpl");

    /** Calls of libc that may wait for a disk, a server or another process. */
    private static final String[][] LIBC = {
        {"PosixFile", "open", "(Ljava/lang/String;II)I"},
        {"PosixFile", "pread", "(IJJJ)J"},
        {"PosixFile", "pwrite", "(IJJJ)J"},
        {"PosixFile", "lseek", "(IJI)J"},
        {"PosixFile", "fallocate", "(IIJJ)V"},
        {"PosixFile", "ftruncate", "(IJ)V"},
        {"PosixFile", "fdatasync", "(I)V"},
        {"PosixFile", "fsync", "(I)V"},
        {"PosixFile", "fileSystemType", "(I)J"},
        {"LibCCalls", "statx", "(I[BIILjava/nio/ByteBuffer;)I"},
        {"PosixMount", "mount", "(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;JLjava/lang/String;)V"},
        {"PosixMount", "unmount", "(Ljava/lang/String;I)V"},
        {"PosixProcess", "waitFor", "(I)I"},
    };

    @Override
    public void applyTo(BlockHound.Builder builder) {
        for (String dispatcher : FILE_DISPATCHERS) {
            builder.markAsBlocking(dispatcher, "read0", "(Ljava/io/FileDescriptor;JI)I")
                    .markAsBlocking(dispatcher, "pread0", "(Ljava/io/FileDescriptor;JIJ)I")
                    .markAsBlocking(dispatcher, "readv0", "(Ljava/io/FileDescriptor;JI)J")
                    .markAsBlocking(dispatcher, "write0", "(Ljava/io/FileDescriptor;JI)I")
                    .markAsBlocking(dispatcher, "pwrite0", "(Ljava/io/FileDescriptor;JIJ)I")
                    .markAsBlocking(dispatcher, "writev0", "(Ljava/io/FileDescriptor;JI)J")
                    .markAsBlocking(dispatcher, "force0", "(Ljava/io/FileDescriptor;Z)I")
                    .markAsBlocking(dispatcher, "truncate0", "(Ljava/io/FileDescriptor;J)I");
        }
        for (String[] call : LIBC) {
            builder.markAsBlocking("dev.weir.posix." + call[0], call[1], call[2]);
        }
        // Handing a task to a pool: the lock is held for a few instructions.
        builder.allowBlockingCallsInside("java.util.concurrent.LinkedBlockingQueue", "offer");
        builder.blockingMethodCallback(BlockingCalls::refuse);
    }

    private static void refuse(BlockingMethod method) {
        var error = new BlockingOperationError(method);
        SEEN.add(error);
        throw error;
    }

    /** Takes the calls that were refused since the last call; a test that blocks on purpose ends with this. */
    public static List<BlockingOperationError> take() {
        var taken = new ArrayList<BlockingOperationError>();
        for (var error = SEEN.poll(); error != null; error = SEEN.poll()) {
            taken.add(error);
        }
        return taken;
    }

    @Override
    public void afterEach(ExtensionContext context) {
        List<BlockingOperationError> seen = take();
        if (!seen.isEmpty()) {
            var failure = new AssertionError(seen.size() + " blocking calls on a thread that must not block");
            seen.forEach(failure::addSuppressed);
            throw failure;
        }
    }
}
