package dev.weir.engine.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1023, 1023 B",
        "1024, 1 KiB",
        "1536, 1.5 KiB",
        "67108864, 64 MiB",
        "3000001, 2.9 MiB",
        "8796093022208, 8 TiB",
        "9223372036854775807, 8 EiB"
    })
    void isReadByPeople(long bytes, String text) {
        assertThat(new ByteSize(bytes)).hasToString(text);
    }
}
