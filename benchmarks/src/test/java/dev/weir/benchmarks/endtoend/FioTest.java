package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.weir.benchmarks.report.Latency;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FioTest {
    private static final String IDLE = """
            {"total_ios": 0, "iops": 0.0, "lat_ns": {"mean": 0.0}, "clat_ns": {"mean": 0.0}}""";
    private static final String BUSY = """
            {"total_ios": 21421, "iops": 21421.5, "lat_ns": {"mean": 46400.0}, "clat_ns": {"mean": 46000.0,
             "percentile": {"50.000000": 45000, "99.000000": 90500, "99.900000": 181000}}}""";

    private static String output(int error, String reads, String writes) {
        return "{\"fio version\": \"fio-3.39\", \"jobs\": [{\"jobname\": \"cell\", \"error\": " + error + ", \"read\": "
                + reads + ", \"write\": " + writes + "}]}";
    }

    @Test
    void takesReadsWhereThereWereReads() throws Exception {
        assertThat(Fio.parse(output(0, BUSY, IDLE)))
                .isEqualTo(new Fio.Figures(
                        21421, 21421.5, new Latency(46.4, Map.of("50", 45.0, "99", 90.5, "99.9", 181.0))));
    }

    @Test
    void takesWritesOtherwise() throws Exception {
        assertThat(Fio.parse(output(0, IDLE, BUSY)).requests()).isEqualTo(21421);
    }

    @Test
    void doesNotMindWarnings() throws Exception {
        assertThat(Fio.parse("note: both iodepth >= 1 and synchronous I/O engine\n" + output(0, BUSY, IDLE) + "\nbye\n")
                        .iops())
                .isEqualTo(21421.5);
    }

    @Test
    void failsOnAnErrorOfFio() {
        assertThatExceptionOfType(ComparisonException.class)
                .isThrownBy(() -> Fio.parse(output(5, BUSY, IDLE)))
                .withMessage("fio met I/O error 5");
    }

    @Test
    void failsWhereThereWasNoRequest() {
        assertThatExceptionOfType(ComparisonException.class)
                .isThrownBy(() -> Fio.parse(output(0, IDLE, IDLE)))
                .withMessageStartingWith("fio made no request");
    }

    @Test
    void failsOnAnythingElse() {
        assertThatExceptionOfType(ComparisonException.class)
                .isThrownBy(() -> Fio.parse("fio: engine io_uring not loadable"))
                .withMessage("fio said: fio: engine io_uring not loadable");
        assertThatExceptionOfType(ComparisonException.class)
                .isThrownBy(() -> Fio.parse("{\"jobs\": [{\"err"))
                .withMessage("fio said: {\"jobs\": [{\"err");
    }
}
