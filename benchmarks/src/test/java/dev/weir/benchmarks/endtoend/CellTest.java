package dev.weir.benchmarks.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CellTest {
    @Test
    void hasOneJobWhereNoneIsNamed() {
        assertThat(Cell.parse("randread:4k:32")).isEqualTo(new Cell("randread", "4k", 32, 1));
        assertThat(Cell.parse("write:1m:4:2")).isEqualTo(new Cell("write", "1m", 4, 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"randread:4k:32", "write:1m:4:2"})
    void isPrintedAsItWasRead(String text) {
        assertThat(Cell.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "randread",
                "randread:4k",
                "trim:4k:1",
                "read:4k:0",
                "read:4k:1:0",
                "read:4x:1",
                "read:4k:1:1:1"
            })
    void refusesWhatFioWouldNotUnderstand(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Cell.parse(text)).withMessageContaining("'" + text + "'");
    }

    @Test
    void becomesArgumentsOfFio() {
        assertThat(Cell.parse("randwrite:4k:32:4").arguments())
                .containsExactly("--rw=randwrite", "--bs=4k", "--iodepth=32", "--numjobs=4");
    }
}
