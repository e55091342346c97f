package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What compiles a server's code leaves its processors to those who serve. */
@MountRequired
class CompilerThreadsIT {
    /** proc_pid_stat(5): 19th field, the 17th after the name. */
    private static final int NICE = 16;

    @TempDir
    Path directory;

    private static List<Integer> niceValues(long process, String name) {
        try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(process), "task"))) {
            return threads.filter(thread -> read(thread.resolve("comm")).contains(name))
                    .map(thread -> read(thread.resolve("stat")))
                    .filter(stat -> !stat.isEmpty())
                    .map(CompilerThreadsIT::nice)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static int nice(String stat) {
        return Integer.parseInt(stat.substring(stat.lastIndexOf(") ") + 2).split(" ")[NICE]);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            // The thread has ended.
            return "";
        }
    }

    private static void assertGivesWay(long process) {
        int usual = nice(read(Path.of("/proc/self/stat")));
        assumeTrue(usual < 10, "others have more weight anyway");
        assertThat(niceValues(process, "CompilerThre")).isNotEmpty().containsOnly(usual + 10);
        assertThat(niceValues(process, "weir-")).isNotEmpty().containsOnly(usual);
    }

    @Test
    void thoseOfAnExportGiveWay() throws Exception {
        Path image = directory.resolve("disk.raw");
        Client.run("truncate", "-s", "1M", image.toString()).ok();
        try (var export = ExportProcess.start(image, directory.resolve("mnt.raw"))) {
            assertGivesWay(export.pid());
        }
    }

    @Test
    void thoseOfADaemonGiveWay() throws Exception {
        try (var daemon = DaemonProcess.start(directory, "--object", "iothread,id=iothread0")) {
            assertGivesWay(daemon.pid());
        }
    }
}
