package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code --daemonize} and {@code --pidfile}, called from a shell script. */
@MountRequired(programs = {"stat", "kill"})
class DaemonizeIT {
    private static final String START = """
            daemon=$1 dir=$2 JAVA_HOME=$3; shift 3
            export JAVA_HOME
            cd "$dir"
            out=$("$daemon" --blockdev file,node-name=f,filename=disk.raw \
                --export fuse,id=e,node-name=f,mountpoint=mnt.raw,writable=on \
                --chardev socket,id=c,path=qmp.sock,server=on,wait=off --monitor c \
                --pidfile weir.pid --daemonize "$@" 2>err)
            echo "out [$out]"
            stat -c %s mnt.raw
            """;

    @TempDir
    Path directory;

    private Path mountpoint;
    private Path pidfile;

    @BeforeEach
    void createImage() throws Exception {
        mountpoint = Files.createFile(directory.resolve("mnt.raw"));
        pidfile = directory.resolve("weir.pid");
        FuseMounts.watch(mountpoint);
        Client.run("truncate", "-s", "3M", directory.resolve("disk.raw").toString())
                .ok();
    }

    @AfterEach
    void killWhatIsLeft() throws Exception {
        if (Files.exists(pidfile) && !Files.readString(pidfile).isBlank()) {
            ProcessHandle.of(Long.parseLong(Files.readString(pidfile).strip()))
                    .ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    private Client.Result start() {
        return Client.shell(START, DaemonProcess.SCRIPT, directory, System.getProperty("java.home"));
    }

    private long pid() throws Exception {
        assertThat(Files.readString(pidfile)).matches("[0-9]+\n");
        return Long.parseLong(Files.readString(pidfile).strip());
    }

    /** Even where nobody has asked for its status yet. */
    private static boolean hasEnded(long pid) {
        return !Files.exists(Path.of("/proc", Long.toString(pid), "exe"));
    }

    private void awaitEnd(long pid) {
        ProcessStatus.await("the end of the daemon", Duration.ofSeconds(20), () -> hasEnded(pid));
        assertThat(FuseMounts.isMounted(mountpoint)).isFalse();
        assertThat(pidfile).doesNotExist();
        assertThat(directory.resolve("qmp.sock")).doesNotExist();
    }

    @Test
    void theCallerGoesOnOnceEverythingIsUp() throws Exception {
        Client.Result started = start();
        assertThat(started.text()).isEqualTo("out []\n" + (3 << 20));
        assertThat(directory.resolve("err")).isEmptyFile();
        long pid = pid();
        assertThat(FuseMounts.isMounted(mountpoint)).isTrue();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("qmp.sock"))))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(pidfile)))
                .isEqualTo("rw-------");
        for (int fd = 0; fd < 3; fd++) {
            assertThat(Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "fd", Integer.toString(fd))))
                    .as("descriptor %s", fd)
                    .hasToString("/dev/null");
        }
        assertThat(Client.run("ps", "-o", "sid=", "-p", Long.toString(pid)).number())
                .as("its own session")
                .isEqualTo(pid);
        ProcessStatus.signal(pid, "TERM");
        awaitEnd(pid);
    }

    @Test
    void whatFailsIsToldToTheCaller() {
        Client.Result failed = Client.shell(
                "cd $2; $1 --blockdev file,node-name=f,filename=disk.raw"
                        + " --export fuse,id=e,node-name=f,mountpoint=nope --pidfile weir.pid --daemonize",
                DaemonProcess.SCRIPT,
                directory);
        assertThat(failed.exit()).isEqualTo(1);
        assertThat(failed.err())
                .isEqualTo("weir-storage-daemon: --export fuse,id=e,node-name=f,mountpoint=nope:"
                        + " Failed to stat 'nope': No such file or directory\n");
        assertThat(failed.out()).isEmpty();
        assertThat(pidfile).doesNotExist();
        Client.Result unknown = Client.shell("$1 --daemonize --bogus", DaemonProcess.SCRIPT);
        assertThat(unknown.exit()).isEqualTo(1);
        assertThat(unknown.err()).isEqualTo("weir-storage-daemon: unrecognized option '--bogus'\n");
    }

    @Test
    void aSecondInstanceIsRefusedAndTheFirstGoesOn() throws Exception {
        start().ok();
        long pid = pid();
        Client.Result second =
                Client.run(DaemonProcess.SCRIPT.toString(), "--pidfile", pidfile.toString(), "--daemonize");
        assertThat(second.exit()).isEqualTo(1);
        assertThat(second.err())
                .isEqualTo("weir-storage-daemon: cannot create PID file:"
                        + " Cannot lock pid file: Resource temporarily unavailable\n");
        assertThat(pid()).isEqualTo(pid);
        assertThat(FuseMounts.isMounted(mountpoint)).isTrue();
        try (var client = QmpClient.connect(directory.resolve("qmp.sock"))) {
            client.ask("quit");
        }
        awaitEnd(pid);
    }

    @Test
    void afterAKillTheSameCallStartsInPlace() throws Exception {
        start().ok();
        long pid = pid();
        ProcessStatus.signal(pid, "KILL");
        ProcessStatus.await("the death of the daemon", Duration.ofSeconds(20), () -> hasEnded(pid));
        assertThat(FuseMounts.isMounted(mountpoint)).as("the dead mount").isTrue();
        assertThat(pidfile).exists();
        assertThat(directory.resolve("qmp.sock")).exists();

        assertThat(start().text()).endsWith("\n" + (3 << 20));
        assertThat(directory.resolve("err")).isEmptyFile();
        assertThat(pid()).isNotEqualTo(pid);
        long next = pid();
        ProcessStatus.signal(next, "TERM");
        awaitEnd(next);
    }
}
