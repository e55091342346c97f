package dev.weir.posix;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PlatformCharsetTest {
    @Test
    void isTheOneInWhichTheVirtualMachineReadsTheTextsOfErrors() {
        assertThat(LibCCalls.platformCharset("ISO-8859-1")).isEqualTo(StandardCharsets.ISO_8859_1);
        assertThat(LibCCalls.platformCharset("ANSI_X3.4-1968")).isEqualTo(StandardCharsets.US_ASCII);
        assertThat(LibCCalls.platformCharset("UTF-8")).isEqualTo(StandardCharsets.UTF_8);
    }

    @Test
    void isUtf8WhereTheVirtualMachineDoesNotTell() {
        assertThat(LibCCalls.platformCharset(null)).isEqualTo(StandardCharsets.UTF_8);
        assertThat(LibCCalls.platformCharset("no charset")).isEqualTo(StandardCharsets.UTF_8);
    }
}
