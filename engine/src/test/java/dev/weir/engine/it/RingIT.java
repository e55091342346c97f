package dev.weir.engine.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images behind an io_uring. */
@MountRequired(programs = {"fio", "qemu-img", "python3"})
class RingIT {
    private static final String VERIFY = "fio --name=job --filename=$1 --rw=randwrite --bsrange=4k-1m --size=48m"
            + " --ioengine=libaio --direct=1 --iodepth=32 --verify=crc32c --verify_fatal=1 --fsync=64";

    /** Lets a program run without the system call of that number: it fails with EPERM. */
    private static final String WITHOUT_CALL = """
            import ctypes, os, struct, sys
            rules = [(0x20, 0, 0, 0), (0x15, 0, 1, int(sys.argv[1])), (0x06, 0, 0, 0x50001), (0x06, 0, 0, 0x7fff0000)]
            code = b"".join(struct.pack("HBBI", *rule) for rule in rules)
            memory = ctypes.create_string_buffer(code, len(code))
            program = struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(memory))
            libc = ctypes.CDLL(None)
            assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, program, 0, 0) == 0
            os.execvp(sys.argv[2], sys.argv[2:])
            """;

    private static final String IO_URING_SETUP = "425";

    @TempDir
    Path directory;

    private Path mountpoint;

    @BeforeEach
    void mountpoint() {
        mountpoint = directory.resolve("mnt.raw");
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw", "qcow2"})
    void whatClientsWroteIsInTheImage(String format) {
        Path image = directory.resolve("disk." + format);
        Client.shell("qemu-img create -q -f $2 $1 64M", image, format).ok();
        Path copy = directory.resolve("copy.raw");
        try (var export = ExportProcess.start(
                image, mountpoint, "--writable", "--format=" + format, "--cache-direct", "--aio=io_uring")) {
            Client.shell(VERIFY, mountpoint).ok();
            Client.run("cp", mountpoint.toString(), copy.toString()).ok();
            assertThat(export.stop()).isZero();
            assertThat(export.stderr()).isEmpty();
        }
        Client.shell("qemu-img compare -f $3 -F raw $1 $2", image, copy, format).ok();
        if (format.equals("qcow2")) {
            Client.shell("qemu-img check $1", image).ok();
        }
    }

    @Test
    void withoutIoUringOnlyWhoAsksForItIsRefused() {
        Path image = directory.resolve("disk.raw");
        Client.run("truncate", "-s", "1M", image.toString()).ok();
        String[] without = {"python3", "-c", WITHOUT_CALL, IO_URING_SETUP};
        ExportProcess.of(image, mountpoint, "--aio=io_uring")
                .prefix(without)
                .run()
                .failed(
                        "aio=io_uring was specified, but is not supported here: io_uring_setup: Operation not permitted");
        try (var export = ExportProcess.of(image, mountpoint).prefix(without).start()) {
            Client.run("cmp", image.toString(), mountpoint.toString()).ok();
        }
    }
}
