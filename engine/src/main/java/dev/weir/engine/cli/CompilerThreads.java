package dev.weir.engine.cli;

import dev.weir.posix.PosixScheduling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads of this JVM that compile. One of them that takes its whole turn, 4 ms, keeps clients waiting longer than
 * interpreted code does; with less weight it takes what the event loops leave.
 */
final class CompilerThreads {
    private static final Logger LOGGER = LoggerFactory.getLogger(CompilerThreads.class);

    /** Added to the nice value: a tenth of the weight, so that they get on where others keep all processors busy, too. */
    static final int NICE = 10;

    private static final int NICEST = 19;

    /** As Linux cuts off the names that HotSpot gives its threads, whose number comes last. */
    private static final String C1 = "C1 CompilerThre";

    private static final String C2 = "C2 CompilerThre";

    private CompilerThreads() {}

    /** Has them give way to all other threads of the process. Those that they start later do, too. */
    static void giveWay() {
        int nice = Math.min(PosixScheduling.nice() + NICE, NICEST);
        try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
            threads.filter(CompilerThreads::compiles)
                    .mapToInt(thread -> Integer.parseInt(String.valueOf(thread.getFileName())))
                    .forEach(thread -> PosixScheduling.nice(thread, nice));
        } catch (IOException e) {
            LOGGER.debug("compiler threads have the weight of any other: {}", e.getMessage());
        }
    }

    private static boolean compiles(Path thread) {
        try {
            String name = Files.readString(thread.resolve("comm")).strip();
            return name.equals(C1) || name.equals(C2);
        } catch (IOException e) {
            // It has ended.
            return false;
        }
    }
}
