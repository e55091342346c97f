package dev.weir.storage.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weir.storage.NodeOptions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionReaderTest {
    private static OptionReader text(String options) {
        return new OptionReader(NodeOptions.parse(options));
    }

    private static NodeOptions.Builder json() {
        return NodeOptions.builder().typed();
    }

    private static void assertRefused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource({"on, true", "yes, true", "true, true", "y, true", "off, false", "no, false", "false, false", "n, false"
    })
    void aFlagInTextIsOneOfQemusWords(String word, boolean flag) {
        assertThat(text("a=" + word).flag("a", !flag)).isEqualTo(flag);
    }

    @Test
    void anythingElseInTextIsNoFlag() {
        assertRefused(() -> text("a=1").flag("a", false), "Parameter 'a' expects 'on' or 'off'");
    }

    @Test
    void aTextInJsonIsNoFlagAndNoNumber() {
        NodeOptions options = json().set("a", "on").set("n", "1").build();
        assertRefused(
                () -> new OptionReader(options).flag("a", false), "Invalid parameter type for 'a', expected: boolean");
        assertRefused(() -> new OptionReader(options).bytes("n"), "Invalid parameter type for 'n', expected: integer");
    }

    @Test
    void aFlagOrNumberInJsonIsNoText() {
        NodeOptions options = json().set("a", true).build();
        assertRefused(() -> new OptionReader(options).string("a"), "Invalid parameter type for 'a', expected: string");
    }

    @Test
    void jsonAndProgramsGiveValuesWithTheirTypes() {
        for (NodeOptions options : new NodeOptions[] {
            json().set("a", true).set("n", 4096).build(),
            NodeOptions.builder().set("a", true).set("n", 4096).build(),
            NodeOptions.parse("a=on,n=4k")
        }) {
            var reader = new OptionReader(options);
            assertThat(reader.flag("a", false)).isTrue();
            assertThat(reader.bytes("n")).hasValue(4096);
            reader.end();
        }
    }

    @Test
    void messagesTellWhereAnOptionStands() {
        OptionReader reader = text("file.driver=file,file.cache.direct=maybe,file.x=1");
        var file = new OptionReader(reader.child("file"));
        assertRefused(
                () -> file.group("cache").flag("direct", false), "Parameter 'file.cache.direct' expects 'on' or 'off'");
        assertThat(file.string("driver")).isEqualTo("file");
        assertRefused(file::end, "Parameter 'file.x' is unexpected");
        assertRefused(() -> file.string("filename"), "Parameter 'file.filename' is missing");
    }

    @Test
    void aListIsOneTextOrSeveralInOrder() {
        assertThat(text("t=a").strings("t")).containsExactly("a");
        assertThat(text("t.0=a,t.1=b").strings("t")).containsExactly("a", "b");
        assertThat(text("").strings("t")).isEmpty();
        assertRefused(() -> text("t.1=b").strings("t"), "Parameter 't.1' is unexpected");
    }

    @Test
    void aListOfObjectsIsReadInOrderAndSaysWhereItIsWrong() {
        assertThat(text("o.0.a=1,o.1.b=2").objects("o"))
                .extracting(NodeOptions::path)
                .containsExactly("o[0].", "o[1].");
        assertRefused(() -> text("").objects("o"), "Parameter 'o' is missing");
        assertRefused(() -> text("o=1").objects("o"), "Invalid parameter type for 'o', expected: array");
        assertRefused(() -> text("o.1.a=1").objects("o"), "Invalid parameter type for 'o', expected: array");
        assertRefused(() -> text("o.0.a=1,o.1=2").objects("o"), "Invalid parameter type for 'o[1]', expected: object");
        var second = new OptionReader(text("o.0.a=1,o.1.b=2").objects("o").get(1));
        assertRefused(second::end, "Parameter 'o[1].b' is unexpected");
    }

    @ParameterizedTest
    @CsvSource({"12, 12", "0x10, 16", "010, 8", "-3, -3", "+3, 3", "' 3', 3"})
    void integers(String text, long number) {
        assertThat(text("n=" + text).integer("n")).hasValue(number);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1k", "#8", "08", "3 ", "1.5", ""})
    void whatIsNoIntegerIsRefused(String text) {
        assertRefused(() -> text("n=" + text).integer("n"), "Parameter 'n' expects integer");
    }

    @Test
    void aNegativeSizeIsRefused() {
        assertThatThrownBy(() -> new OptionReader(json().set("n", -1).build()).bytes("n"))
                .hasMessage("Value '-1' is out of range for parameter 'n'");
    }

    @Test
    void aChildIsDescribedOrReferredTo() {
        assertThat(text("file=n").child("file").values()).containsEntry("reference", "n");
        assertThat(text("file.driver=raw").child("file").values()).containsEntry("driver", "raw");
        assertRefused(() -> text("").child("file"), "Parameter 'file' is missing");
    }
}
