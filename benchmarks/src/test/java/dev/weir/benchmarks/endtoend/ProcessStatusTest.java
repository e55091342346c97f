package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProcessStatusTest {
    @Test
    void readsUserAndSystemTimeBehindAnyName() {
        String stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 5 0 0 0 250 50 7 8 20 0 1 0 100 1000 10";

        assertThat(ProcessStatus.cpuMicros(stat)).isEqualTo(3_000_000);
    }

    @Test
    void agreesWithTheJvmAboutItself() throws Exception {
        double micros = ProcessStatus.cpuMicros(Files.readString(Path.of("/proc/self/stat")));
        Duration jvm = ProcessHandle.current().info().totalCpuDuration().orElseThrow();

        assertThat(micros / 1e6).isCloseTo(jvm.toNanos() / 1e9, within(1.0));
    }

    @Test
    void readsTheResidentSet() throws Exception {
        assertThat(ProcessStatus.residentBytes("VmHWM:\t  999 kB\nVmRSS:\t    1936 kB\nRssAnon:\t 1 kB\n"))
                .isEqualTo(1936L << 10);
        assertThat(ProcessStatus.residentBytes(Files.readString(Path.of("/proc/self/status"))))
                .isGreaterThan(1 << 20);
    }
}
