package dev.weir.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PidfileTest {
    @TempDir
    Path directory;

    private final String pid = ProcessHandle.current().pid() + "\n";

    @Test
    void itHoldsTheProcessIdUntilItIsClosed() throws Exception {
        Path file = directory.resolve("pid");
        try (var pidfile = new Pidfile()) {
            pidfile.write(file.toString());
            assertThat(file).hasContent(pid);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                    .isEqualTo("rw-------");
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void oneThatNobodyHoldsIsTakenOver() throws Exception {
        Path file = Files.writeString(directory.resolve("pid"), "9999999 and more than a process id\n");
        try (var pidfile = new Pidfile()) {
            pidfile.write(file.toString());
            assertThat(Files.readString(file)).isEqualTo(pid);
        }
    }

    @Test
    void oneThatIsHeldIsLeftAlone() throws Exception {
        Path file = directory.resolve("pid");
        try (var first = new Pidfile()) {
            first.write(file.toString());
            try (var second = new Pidfile()) {
                assertThatThrownBy(() -> second.write(file.toString()))
                        .hasMessage("cannot create PID file: Cannot lock pid file: Resource temporarily unavailable");
            }
            assertThat(Files.readString(file)).isEqualTo(pid);
        }
    }

    @Test
    void whatCannotBeCreatedIsTold() {
        String missing = directory.resolve("nope/pid").toString();
        assertThatThrownBy(() -> new Pidfile().write(missing))
                .hasMessage("cannot create PID file: Could not create '" + missing + "': No such file or directory");
        assertThatThrownBy(() -> new Pidfile().write(directory.toString()))
                .hasMessage("cannot create PID file: Could not create '" + directory + "': Is a directory");
    }

    /** Through a link the file itself goes. */
    @Test
    void aLinkStays() throws Exception {
        Path file = directory.resolve("pid");
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);
        try (var pidfile = new Pidfile()) {
            pidfile.write(link.toString());
            assertThat(file).hasContent(pid);
        }
        assertThat(file).doesNotExist();
        assertThat(Files.isSymbolicLink(link)).isTrue();
    }

    @Test
    void aDeviceIsRefusedAndStays() throws Exception {
        Path device = directory.resolve("null");
        int made = new ProcessBuilder("mknod", device.toString(), "c", "1", "3")
                .start()
                .waitFor();
        assumeTrue(made == 0, "devices take CAP_MKNOD");
        try (var pidfile = new Pidfile()) {
            assertThatThrownBy(() -> pidfile.write(device.toString()))
                    .hasMessage("cannot create PID file: Could not create '" + device + "': Invalid argument");
        }
        assertThat(device).exists();
    }

    @Test
    void oneThatSomebodyElseHasPutThereStays() throws Exception {
        Path file = directory.resolve("pid");
        try (var pidfile = new Pidfile()) {
            pidfile.write(file.toString());
            Files.move(file, directory.resolve("elsewhere"));
            Files.writeString(file, "another's");
        }
        assertThat(file).hasContent("another's");
    }

    @Test
    void whoeverHoldsItHoldsWhatHasTheName() throws Exception {
        Path file = directory.resolve("pid");
        var holders = new AtomicInteger();
        var racers = new CompletableFuture<?>[4];
        for (int i = 0; i < racers.length; i++) {
            racers[i] = CompletableFuture.runAsync(() -> race(file, holders));
        }
        CompletableFuture.allOf(racers).get();
        assertThat(file).doesNotExist();
    }

    private void race(Path file, AtomicInteger holders) {
        for (int i = 0; i < 500; i++) {
            try (var pidfile = new Pidfile()) {
                pidfile.write(file.toString());
                assertThat(holders.incrementAndGet()).isEqualTo(1);
                assertThat(file).exists();
                holders.decrementAndGet();
            } catch (DaemonStep.Failure e) {
                assertThat(e).hasMessageEndingWith("Resource temporarily unavailable");
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
