package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MeasurementTest {
    /** What fio 3.33 prints: five fields, 41 of reads, 41 of writes, and what follows. */
    private static String terse(String error, List<String> reads, List<String> writes) {
        String[] fields = new String[130];
        Arrays.fill(fields, "0");
        fields[0] = "3";
        fields[1] = "fio-3.33";
        fields[4] = error;
        put(fields, 5, reads);
        put(fields, 46, writes);
        return String.join(";", fields);
    }

    /** Kilobytes in all, IOPS, mean latency. */
    private static void put(String[] fields, int at, List<String> values) {
        if (!values.isEmpty()) {
            fields[at] = values.get(0);
            fields[at + 2] = values.get(1);
            fields[at + 34] = values.get(2);
        }
    }

    @Test
    void takesReadsWhereThereWereReads() throws Exception {
        assertThat(Measurement.parse(terse("0", List.of("257404", "21421", "46.4"), List.of())))
                .isEqualTo(new Measurement(21421, 46.4));
    }

    @Test
    void takesWritesOtherwise() throws Exception {
        assertThat(Measurement.parse(terse("0", List.of(), List.of("4096", "1024", "9.5"))))
                .isEqualTo(new Measurement(1024, 9.5));
    }

    @Test
    void failsOnAnErrorOfFio() {
        assertThatExceptionOfType(ComparisonException.class)
                .isThrownBy(() -> Measurement.parse(terse("5", List.of("1", "1", "1"), List.of())))
                .withMessage("fio met I/O error 5");
    }

    @Test
    void failsOnAnythingElse() {
        assertThatExceptionOfType(ComparisonException.class)
                .isThrownBy(() -> Measurement.parse("fio: engine io_uring not loadable"))
                .withMessage("fio said: fio: engine io_uring not loadable");
    }
}
