package dev.weir.engine.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DigitsTest {
    @ParameterizedTest
    @CsvSource({
        "0,0",
        "0.25,0.25",
        "0.001,0",
        "1,1",
        "9.994,9.99",
        "9.996,10",
        "12.34,12.3",
        "99.96,100",
        "999,999",
        "12345,12345",
        "99999,99999",
        "123456,123k",
        "999499,999k",
        "999600,1.00M",
        "12345678,12.3M",
        "2e18,2.00E"
    })
    void areAsPreciseAsTheRoomAllows(double value, String digits) {
        assertThat(Digits.of(value)).isEqualTo(digits);
    }

    @Test
    void neverNeedMoreThanFiveCharacters() {
        for (double value = 1e-4; value < 9e18; value *= 1.0137) {
            assertThat(Digits.of(value)).hasSizeLessThanOrEqualTo(5);
        }
    }
}
