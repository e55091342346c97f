package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weir.benchmarks.endtoend.BufferGauge.Peak;
import dev.weir.benchmarks.report.Suite;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SuitesTest {
    @Test
    void eachSuiteIsMeasuredOnceInItsOrder() {
        assertThat(Measurements.all()).extracting(Measurements::suite).containsExactly(Suite.values());
    }

    @Test
    void weirGetsTheOptionsThatSuitItBestWhereThereAreAny() {
        var none = WeirOptions.of("--aio=threads", List.of("--iothreads=2"));
        var all = WeirOptions.of(
                "--aio=threads|io_uring --kernel-cache=off|on|auto --passthrough=off|on|auto",
                List.of("--iothreads=2"));

        assertThat(none.of(Suite.RAW_DIRECT)).containsExactly("--iothreads=2");
        assertThat(none.describe()).isEmpty();
        assertThat(all.of(Suite.RAW_DIRECT)).containsExactly("--aio=io_uring", "--passthrough=on", "--iothreads=2");
        assertThat(all.of(Suite.RAW_DISK)).containsExactly("--iothreads=2");
        assertThat(all.describe())
                .isEqualTo(", raw-direct with --aio=io_uring --passthrough=on, sequential with --kernel-cache=auto");
    }

    @Test
    void theMinimalServerTakesPartWhereASystemCallIsAllThatStorageIs() {
        for (var minimal : List.of(Contender.MINIMAL, Contender.MINIMAL_MT)) {
            assertThat(minimal.serves(Export.Format.RAW, false)).isTrue();
            assertThat(minimal.serves(Export.Format.NULL, false)).isTrue();
            assertThat(minimal.serves(Export.Format.RAW, true)).isFalse();
            assertThat(minimal.serves(Export.Format.QCOW2, false)).isFalse();
        }
    }

    @Test
    void everyRoundGoesTheOtherWay() {
        assertThat(Run.inTurn(List.of(1, 2, 3), 0)).containsExactly(1, 2, 3);
        assertThat(Run.inTurn(List.of(1, 2, 3), 1)).containsExactly(3, 2, 1);
    }

    @ParameterizedTest
    @CsvSource({"randwrite:4k:1, 48", "randwrite:64k:8, 384", "write:1m:4, 384", "write:4k:32, 768"})
    void firstWritesAllocateAboutAsMuchWhateverTheirSize(String cell, int megabytes) {
        assertThat(FirstWriteMeasurements.megabytes(Cell.parse(cell), 512)).isEqualTo(megabytes);
    }

    @Test
    void memoryOfRequestsIsTheSumOverExports() {
        String metrics = """
                # TYPE weir_engine_buffer_bytes gauge
                weir_engine_buffer_bytes{export="e0"} 1048576.0
                weir_engine_buffer_bytes{export="e1"} 2097152.0
                weir_engine_in_flight_bytes{export="e0"} 4096.0
                weir_export_in_flight_requests{export="e0"} 7.0
                """;

        assertThat(Peak.parse(metrics)).isEqualTo(new Peak(4096L, 3145728L));
        assertThat(Peak.parse("")).isEqualTo(new Peak(null, null));
    }

    @Test
    void thePeakIsTheMostOfEach() {
        assertThat(new Peak(1L, 9L).max(new Peak(null, null)).max(new Peak(2L, 3L)))
                .isEqualTo(new Peak(2L, 9L));
    }

    @Test
    void reportsNameNoPaths() {
        assertThat(Sequence.withoutPaths("no space in /some/where: 5 MiB/s left of /x.raw, 1/2"))
                .isEqualTo("no space in FILE: 5 MiB/s left of FILE, 1/2");
    }
}
